import type { StickinessOptions } from "@unstick/alb";
import { createBrowserClient, startRedis, waitUntil } from "@unstick/testbed";
import { expect, onTestFinished, test } from "vitest";
import { startFleet } from "./rolling-move/fleet.ts";
import type { Subject } from "./rolling-move/instance.ts";
import type { Attributes } from "./rolling-move/pages.ts";
import { createVisitor, type Visitor } from "./rolling-move/visitor.ts";

const VISITORS = 6;
/** So many turns of each visitor after each instance that was replaced. */
const TURNS = 6;

interface Move {
  readonly visitors: readonly Visitor[];
  /** Roll to the next step while everybody goes on visiting; answers what went wrong on the way. */
  rollTo(subject: Subject): Promise<readonly string[]>;
}

async function beginMove(subject: Subject, stickiness: StickinessOptions): Promise<Move> {
  const redis = await startRedis();
  const fleet = await startFleet(subject, redis.url, stickiness);
  const visitors = Array.from({ length: VISITORS }, (_, at) => createVisitor(fleet.url, `user${at}`));
  let isOver = false;
  const running = Promise.all(visitors.map((visitor) => visitor.run(() => isOver)));
  running.catch(() => {});
  onTestFinished(async () => {
    isOver = true;
    await running.finally(async () => {
      for (const visitor of visitors) visitor.close();
      await fleet.stop();
      await redis.stop();
    });
  });
  const playTurns = async (): Promise<void> => {
    const goals = visitors.map(({ turns }) => turns + TURNS);
    const isPlayed = (): boolean => visitors.every(({ turns }, at) => turns >= (goals[at] as number));
    await Promise.race([waitUntil("everybody went on visiting", isPlayed, 60_000), running]);
  };
  await playTurns();
  return {
    visitors,
    rollTo: async (next) => {
      for (const visitor of visitors) visitor.forget();
      await fleet.roll(next, playTurns);
      return visitors.flatMap(({ faults }) => faults);
    },
  };
}

/** Whether every visitor has met instances of both kinds, so that the fleet was mixed for each of them. */
function areMixed({ visitors }: Move, ...kinds: readonly Subject[]): boolean {
  return visitors.every(({ seen }) => kinds.every((kind) => seen.has(kind)));
}

const without: StickinessOptions = { type: "none" };

test("connect-redis to ours by share, adopt and off, and back: nobody is logged out, nothing promised is lost", async () => {
  const move = await beginMove("connect-redis", without);
  const steps: readonly (readonly [from: Subject, to: Subject])[] = [
    ["connect-redis", "share"],
    ["share", "connect-redis"],
    ["connect-redis", "share"],
    ["share", "adopt"],
    ["adopt", "share"],
    ["share", "adopt"],
    ["adopt", "off"],
    ["off", "adopt"],
  ];
  for (const [from, to] of steps) {
    // As long as one instance runs connect-redis, requests of one session that overlap lose what they write.
    const isOurs = from !== "connect-redis" && to !== "connect-redis";
    for (const visitor of move.visitors) visitor.mayOverlap = isOurs;
    expect([from, to, await move.rollTo(to)]).toEqual([from, to, []]);
    expect(areMixed(move, from, to)).toBe(true);
  }
}, 480_000);

/**
 * The whole way back, after a session was adopted: no step ends it. connect-redis cannot read it, since its key there is
 * made of the id, which ours does not keep; instances of ours can, and find it as it was.
 */
test("back from share to connect-redis: who was not adopted stays; who was is not ended, and is back with share", async () => {
  const redis = await startRedis();
  const fleet = await startFleet("connect-redis", redis.url, without);
  const [adopted, asleep] = [createBrowserClient(), createBrowserClient()];
  const userOf = async (browser: typeof adopted): Promise<string | undefined> =>
    (JSON.parse((await browser.get(`${fleet.url}/show`)).body) as Attributes).user;
  const roll = (to: Subject): Promise<void> => fleet.roll(to, async () => {});
  try {
    for (const [browser, user] of [
      [adopted, "ada"],
      [asleep, "ben"],
    ] as const) {
      await browser.get(`${fleet.url}/login?user=${user}`);
    }
    await roll("share");
    await roll("adopt");
    expect(await userOf(adopted)).toBe("ada");
    await roll("share");
    expect([await userOf(adopted), await userOf(asleep)]).toEqual(["ada", "ben"]);
    await roll("connect-redis");
    expect([await userOf(adopted), await userOf(asleep)]).toEqual([undefined, "ben"]);
    await roll("share");
    expect([await userOf(adopted), await userOf(asleep)]).toEqual(["ada", "ben"]);
  } finally {
    adopted.close();
    asleep.close();
    await fleet.stop();
    await redis.stop();
  }
}, 240_000);

test("koa-redis to ours by adopt and off, while visitors are held to their instance: nobody is logged out", async () => {
  const move = await beginMove("koa-redis", { type: "lb_cookie", durationSeconds: 86_400 });
  expect(await move.rollTo("koa, adopt")).toEqual([]);
  for (const visitor of move.visitors) visitor.mayOverlap = true;
  expect(await move.rollTo("koa, off")).toEqual([]);
}, 240_000);
