import { waitUntil } from "@unstick/testbed";
import { afterEach, describe, expect, it } from "vitest";
import type { Assumptions } from "../src/assumptions.ts";
import { type Alb, startAlb } from "../src/index.ts";
import { type Answer, ask, cookiesOf, type FarmTarget, startFarm } from "./farm.ts";

type Pair =
  | "none"
  | "healthy"
  | "unhealthy"
  | "draining"
  | "gone"
  | "expired"
  | "garbage"
  | "encoded"
  | "removed";

interface Cell {
  /** Does the request hold the application's cookie? */
  readonly app: boolean;
  /** AWSALBAPP in the request: none, valid with its target in this state, or bad in this way. */
  readonly pair: Pair;
  /** Does the answer set the application's cookie? */
  readonly sets: boolean;
  readonly goes: "sticky" | "algorithm";
  readonly writes: "pin" | "remove" | "nothing";
  readonly assume?: Partial<Assumptions>;
}

const cell = (
  app: boolean,
  pair: Pair,
  sets: boolean,
  goes: Cell["goes"],
  writes: Cell["writes"],
  assume?: Partial<Assumptions>,
): Cell => ({ app, pair, sets, goes, writes, ...(assume && { assume }) });

/** The decision table of the README, cell by cell, then each cell that an assumption can turn. */
const table: readonly Cell[] = [
  cell(false, "none", false, "algorithm", "remove"),
  cell(true, "none", false, "algorithm", "remove"),
  cell(false, "none", true, "algorithm", "pin"),
  cell(true, "none", true, "algorithm", "pin"),
  cell(false, "removed", false, "algorithm", "remove"),
  cell(true, "removed", false, "algorithm", "remove"),
  cell(true, "removed", true, "algorithm", "pin"),
  cell(true, "healthy", true, "sticky", "pin"),
  cell(true, "healthy", false, "sticky", "pin"),
  cell(false, "healthy", true, "algorithm", "pin"),
  cell(false, "healthy", false, "algorithm", "remove"),
  cell(true, "unhealthy", false, "algorithm", "pin"),
  cell(true, "unhealthy", true, "algorithm", "pin"),
  cell(false, "unhealthy", false, "algorithm", "remove"),
  cell(false, "unhealthy", true, "algorithm", "pin"),
  cell(true, "draining", false, "algorithm", "pin"),
  cell(true, "draining", true, "algorithm", "pin"),
  cell(false, "draining", false, "algorithm", "remove"),
  cell(true, "gone", false, "algorithm", "pin"),
  cell(true, "gone", true, "algorithm", "pin"),
  cell(false, "gone", false, "algorithm", "remove"),
  cell(true, "expired", false, "algorithm", "remove"),
  cell(true, "expired", true, "algorithm", "pin"),
  cell(false, "expired", false, "algorithm", "remove"),
  cell(false, "expired", true, "algorithm", "pin"),
  cell(true, "garbage", false, "algorithm", "remove"),
  cell(true, "garbage", true, "algorithm", "pin"),
  cell(false, "garbage", false, "algorithm", "remove"),
  cell(true, "encoded", false, "algorithm", "remove"),
  cell(true, "encoded", true, "algorithm", "pin"),
  cell(true, "none", false, "algorithm", "pin", { appCookieAlone: "pin" }),
  cell(false, "none", false, "algorithm", "remove", { appCookieAlone: "pin" }),
  cell(false, "healthy", false, "algorithm", "nothing", { pairWithoutAppCookie: "keep" }),
  cell(true, "healthy", false, "sticky", "nothing", { validPair: "keep" }),
  cell(true, "unhealthy", false, "algorithm", "remove", { repin: "remove" }),
  cell(true, "gone", false, "algorithm", "remove", { repin: "remove" }),
  cell(true, "expired", false, "algorithm", "pin", { expiredPair: "pin" }),
  cell(true, "garbage", false, "algorithm", "pin", { expiredPair: "pin" }),
];

describe("app_cookie, the decision table over real sockets", () => {
  let alb: Alb | undefined;
  let farm: FarmTarget[] = [];

  afterEach(async () => {
    await alb?.close();
    await Promise.all(farm.map((target) => target.stop()));
  });

  async function start({ pair, assume }: Cell): Promise<Alb> {
    const expiresAtOnce = pair === "expired";
    farm = await startFarm(["A", "B", "C"]);
    return startAlb({
      targets: farm.map(({ url }) => url),
      stickiness: { type: "app_cookie", cookieName: "MYAPP", durationSeconds: expiresAtOnce ? 1 : 86_400 },
      healthCheck: { intervalSeconds: expiresAtOnce ? 300 : 5, timeoutSeconds: 2 },
      deregistrationDelaySeconds: pair === "gone" ? 0 : 3_600,
      timeScale: expiresAtOnce ? 0.001 : 0.01,
      ...(assume && { assume }),
    });
  }

  /** Bring the target of a pair into the state of the cell. */
  async function change(balancer: Alb, pair: Pair, pinned: Answer): Promise<void> {
    const target = farm.find(({ name }) => name === pinned.instance);
    if (target === undefined) throw new Error("nobody answered the login");
    const stateIs = (state: string) => () =>
      balancer.status().targets.find((each) => each.target === target.url)?.state === state;
    if (pair === "unhealthy") await target.stop();
    if (pair === "unhealthy") await waitUntil("the target is unhealthy", stateIs("unhealthy"));
    if (pair === "draining" || pair === "gone") await balancer.deregister(target.url);
    if (pair === "draining") expect(stateIs("draining")()).toBe(true);
    if (pair === "gone") await waitUntil("the target is no longer registered", stateIs("unused"));
  }

  function sentBack(pair: Pair, pinned: Answer): string {
    const cookies = cookiesOf(pinned, "AWSALBAPP");
    if (pair === "none") return "";
    if (pair === "garbage") return cookies.replace(/A{10}.{9}/, "AAAAAAAAAAAAAAAAAAA");
    if (pair === "encoded") return `AWSALBAPP-0=${encodeURIComponent(cookies.slice(12).split(";")[0] ?? "")}`;
    return pair === "removed" ? cookies.replace(/-0=[^;]+/, "-0=_remove_") : cookies;
  }

  it.each(table)(
    "request: app cookie $app, pair $pair; answer sets it: $sets → $goes, $writes $assume",
    async (row) => {
      alb = await start(row);
      const pinned = await ask(`${alb.url}/login`);
      await change(alb, row.pair, pinned);
      const before = alb.status().nonStickyRequests;
      const cookie = [row.app ? "MYAPP=whatever" : "", sentBack(row.pair, pinned)].filter(Boolean).join("; ");
      const answer = await ask(alb.url + (row.sets ? "/login" : "/"), {
        headers: cookie === "" ? {} : { cookie },
      });

      // Round robin is at the next target, so staying with the first one is stickiness.
      expect(answer.instance === pinned.instance).toBe(row.goes === "sticky");
      expect(alb.status().nonStickyRequests - before).toBe(row.goes === "sticky" ? 0 : 1);
      await expectWritten(alb, row, answer);
    },
  );

  async function expectWritten(balancer: Alb, row: Cell, answer: Answer): Promise<void> {
    const lines = answer.setCookies.filter((line) => line.startsWith("AWSALBAPP"));
    if (row.writes === "nothing") return expect(lines).toEqual([]);
    expect(lines.map((line) => line.slice(0, 12))).toEqual([0, 1, 2, 3].map((n) => `AWSALBAPP-${n}=`));
    const removed = lines.filter((line) => line.includes("=_remove_;")).length;
    expect(removed).toBe(row.writes === "remove" ? 4 : 3);
    if (row.writes === "remove" || row.pair === "expired") return;
    const cookie = `MYAPP=x; ${cookiesOf(answer, "AWSALBAPP")}`;
    for (let again = 0; again < 4; again += 1) {
      const next = await ask(balancer.url, { headers: { cookie } });
      expect(next.instance).toBe(answer.instance);
    }
  }
});
