import { waitUntil } from "@unstick/testbed";
import { afterEach, describe, expect, it } from "vitest";
import { type Alb, type AlbOptions, startAlb } from "../src/index.ts";
import { type Answer, ask, cookiesOf, type FarmTarget, startFarm, startTarget } from "./farm.ts";

let alb: Alb;
let farm: FarmTarget[] = [];

async function start(options: Partial<AlbOptions>, appLine = "MYAPP=abc; Path=/"): Promise<void> {
  farm = await startFarm(["A", "B", "C"], (incoming, response) => {
    response.setHeader("Server", "app");
    if (incoming.url === "/login") response.setHeader("Set-Cookie", appLine);
    response.setHeader("X-Last", "1").end();
  });
  const targets = options.targetGroups ? {} : { targets: farm.map(({ url }) => url) };
  alb = await startAlb({ ...targets, healthCheck: { intervalSeconds: 5 }, timeScale: 0.01, ...options });
}

afterEach(async () => {
  await alb.close();
  await Promise.all(farm.map((target) => target.stop()));
});

const get = (path: string, cookie = "", more: Record<string, string> = {}): Promise<Answer> =>
  ask(alb.url + path, { headers: { ...(cookie !== "" && { cookie }), ...more } });

const names = (answer: Answer): string[] => answer.setCookies.map((line) => line.split("=", 1)[0] ?? "");

async function kill(name: string | undefined): Promise<FarmTarget> {
  const target = farm.find((each) => each.name === name);
  if (target === undefined) throw new Error(`no target ${name}`);
  await target.stop();
  await waitUntil("it is unhealthy", () => stateOf(target) === "unhealthy");
  return target;
}

function stateOf({ url }: FarmTarget): string | undefined {
  return alb.status().targets.find(({ target }) => target === url)?.state;
}

describe("app_cookie on the wire", () => {
  const chrome = { "user-agent": "Mozilla/5.0 Chrome/142.0.0.0 Safari/537.36" };

  it("four lines after the target's headers, Expires in seven days, 106 sealed bytes behind eight zeros", async () => {
    await start({ stickiness: { type: "app_cookie", cookieName: "MYAPP", durationSeconds: 20 } });
    const answer = await get("/login");
    const headers = answer.raw.filter((_, at) => at % 2 === 0);
    expect(headers.slice(headers.indexOf("X-Last") + 1).slice(0, 4)).toEqual(Array(4).fill("Set-Cookie"));
    expect(answer.setCookies[0]).toBe("MYAPP=abc; Path=/");
    const [value = "", ...attributes] = (answer.setCookies[1] ?? "").split("; ");
    expect(value).toMatch(/^AWSALBAPP-0=A{10}[A-Za-z0-9+/=]{134}$/);
    expect(Buffer.from(value.slice("AWSALBAPP-0=".length), "base64")).toHaveLength(106);
    expect(attributes).toEqual([
      expect.stringMatching(/^Expires=\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/),
      "Path=/",
    ]);
    const expires = Date.parse(attributes[0]?.slice("Expires=".length) ?? "");
    expect(Math.abs(expires - Date.now() - 7 * 86_400_000)).toBeLessThan(5_000);
  });

  it("another value on every answer, with SameSite=None; Secure for Chromium from 80", async () => {
    await start({ stickiness: { type: "app_cookie", cookieName: "MYAPP" } });
    const first = await get("/login");
    const second = await get("/login", cookiesOf(first), chrome);
    expect(second.instance).toBe(first.instance);
    expect(second.setCookies[1]).not.toBe(first.setCookies[1]);
    expect(second.setCookies.slice(1).every((line) => line.endsWith("; Path=/; SameSite=None; Secure"))).toBe(
      true,
    );
    expect(names(second)).not.toContain("AWSALBAPPCORS");
  });

  it("stays with the new target when the old one comes back", async () => {
    await start({ stickiness: { type: "app_cookie", cookieName: "MYAPP" } });
    const first = await get("/login");
    const dead = await kill(first.instance);
    const moved = await get("/", cookiesOf(first));
    expect(moved.instance).not.toBe(first.instance);
    farm.push(await startTarget(dead.name, undefined, Number(new URL(dead.url).port)));
    await waitUntil("it is back", () => stateOf(dead) === "healthy");
    const cookie = `MYAPP=abc; ${cookiesOf(moved, "AWSALBAPP")}`;
    for (let count = 0; count < 4; count += 1) expect((await get("/", cookie)).instance).toBe(moved.instance);
  });

  it("slides: each answer starts the duration anew, and without requests it runs out", async () => {
    // 150 balancer's seconds are 1.5 s: long enough for a busy machine to get its requests in.
    await start({ stickiness: { type: "app_cookie", cookieName: "MYAPP", durationSeconds: 150 } });
    const first = await get("/login");
    const startedAt = Date.now();
    let cookie = cookiesOf(first);
    await waitUntil("the first duration is over", async () => {
      const answer = await get("/", cookie);
      expect(answer.instance).toBe(first.instance);
      cookie = `MYAPP=abc; ${cookiesOf(answer, "AWSALBAPP")}`;
      return Date.now() - startedAt > 2_000;
    });
    await waitUntil("the last cookie has run out", async () => {
      const { nonStickyRequests } = alb.status();
      await get("/", cookie);
      return alb.status().nonStickyRequests > nonStickyRequests;
    });
  });

  it("forgets every cookie when the stickiness is changed, to the same as well", async () => {
    await start({ stickiness: { type: "app_cookie", cookieName: "MYAPP" } });
    const cookie = cookiesOf(await get("/login"));
    alb.setStickiness({ type: "app_cookie", cookieName: "MYAPP" });
    const before = alb.status().nonStickyRequests;
    await get("/", cookie);
    expect(alb.status().nonStickyRequests).toBe(before + 1);
    expect(() => alb.setStickiness({ type: "app_cookie" })).toThrow(
      "You must set an application cookie name",
    );
  });

  it("carries what it knows about each target group, over 4K in several shards", async () => {
    const stickiness = { type: "app_cookie", cookieName: "MYAPP" } as const;
    const other = await startTarget("Z", (_incoming, response) =>
      response.setHeader("Set-Cookie", "MYAPP=1").end(),
    );
    const rules = Array.from({ length: 80 }, (_, n) => ({
      name: `g${n}`,
      targets: [other.url],
      pathPattern: `/g${n}/*`,
    }));
    farm = await startFarm(["A", "B"], (_incoming, response) =>
      response.setHeader("Set-Cookie", "MYAPP=1").end(),
    );
    const main = { name: "main", targets: farm.map(({ url }) => url) };
    alb = await startAlb({
      targetGroups: [main, ...rules],
      stickiness,
      healthCheck: { intervalSeconds: 300 },
    });
    let answer = await get("/");
    const first = answer.instance;
    for (const { name } of rules) {
      answer = await get(`/${name}/`, `MYAPP=1; ${cookiesOf(answer, "AWSALBAPP")}`);
      if (answer.setCookies.length === 0) throw new Error("no cookies");
    }
    await other.stop();
    expect(answer.setCookies.filter((line) => line.includes("_remove_")).length).toBeLessThan(3);
    for (const line of answer.setCookies) expect(line.length).toBeLessThan(4_096);
    for (let count = 0; count < 3; count += 1) {
      expect((await get("/", `MYAPP=1; ${cookiesOf(answer, "AWSALBAPP")}`)).instance).toBe(first);
    }
  });
});

describe("lb_cookie", () => {
  it("AWSALB and AWSALBCORS early, anew on every answer; a bad one is replaced", async () => {
    await start({ stickiness: { type: "lb_cookie" } });
    const first = await get("/");
    expect(names(first)).toEqual(["AWSALB", "AWSALBCORS"]);
    const headers = first.raw.filter((_, at) => at % 2 === 0);
    expect(headers.indexOf("Set-Cookie")).toBeLessThan(headers.indexOf("Server"));
    const [plain = "", twin = ""] = first.setCookies;
    expect(plain).toMatch(/^AWSALB=[A-Za-z0-9+/=]{124}; Expires=[^;]+; Path=\/$/);
    expect(twin).toBe(`${plain.replace("AWSALB=", "AWSALBCORS=")}; SameSite=None`);
    const second = await get("/", cookiesOf(first));
    expect(second.instance).toBe(first.instance);
    expect(second.setCookies[0]?.slice(0, 60)).not.toBe(plain.slice(0, 60));
    expect((await get("/", cookiesOf(second, "AWSALBCORS"))).instance).toBe(first.instance);
    const bad = await get("/", "AWSALB=nonsense");
    expect(names(bad)).toEqual(["AWSALB", "AWSALBCORS"]);
    expect(alb.status().nonStickyRequests).toBe(2);
  });

  it("moves, cookie and all, when its target is deregistered", async () => {
    await start({ stickiness: { type: "lb_cookie" } });
    const first = await get("/");
    await alb.deregister(farm.find(({ name }) => name === first.instance)?.url ?? "");
    const second = await get("/", cookiesOf(first));
    expect(second.instance).not.toBe(first.instance);
    expect((await get("/", cookiesOf(second))).instance).toBe(second.instance);
  });
});

describe("weighted target groups", () => {
  const groups = (weights: readonly [number, number]): AlbOptions["targetGroups"] => [
    { name: "blue", targets: [farm[0]?.url ?? "", farm[1]?.url ?? ""], weight: weights[0] },
    { name: "green", targets: [farm[2]?.url ?? ""], weight: weights[1] },
  ];

  async function startGroups(
    weights: readonly [number, number],
    options: Partial<AlbOptions>,
  ): Promise<string[]> {
    farm = await startFarm(["A", "B", "C"], (_incoming, response) =>
      response.setHeader("Set-Cookie", "MYAPP=1").end(),
    );
    const warnings: string[] = [];
    const onWarning = (sentence: string): void => void warnings.push(sentence);
    alb = await startAlb({ ...options, targetGroups: groups(weights) ?? [], onWarning });
    return warnings;
  }

  it("share the traffic by weight", async () => {
    await startGroups([3, 1], {});
    const hits = { A: 0, B: 0, C: 0 };
    for (let count = 0; count < 16; count += 1) hits[(await get("/")).instance as "A" | "B" | "C"] += 1;
    expect(hits).toEqual({ A: 6, B: 6, C: 4 });
  });

  it("AWSALBTG and AWSALBTGCORS keep the group, AWSALB the target in it", async () => {
    const groupStickiness = { durationSeconds: 3_600 };
    await startGroups([1, 1], { groupStickiness, stickiness: { type: "lb_cookie" } });
    const first = await get("/");
    expect(names(first)).toEqual(["AWSALBTG", "AWSALBTGCORS", "AWSALB", "AWSALBCORS", "MYAPP"]);
    for (let count = 0; count < 4; count += 1)
      expect((await get("/", cookiesOf(first))).instance).toBe(first.instance);
    const value = first.setCookies[0]?.split(";")[0]?.slice("AWSALBTG=".length) ?? "";
    expect(Buffer.from(value, "base64")).toHaveLength(131);
    const onlyGroup = new Set<string | undefined>();
    for (let count = 0; count < 4; count += 1)
      onlyGroup.add((await get("/", cookiesOf(first, "AWSALBTG"))).instance);
    expect([...onlyGroup].sort()).toEqual(first.instance === "C" ? ["C"] : ["A", "B"]);
  });

  it("app_cookie: a loud warning, and four times _remove_ whatever the application sets", async () => {
    const stickiness = { type: "app_cookie", cookieName: "MYAPP" } as const;
    const warnings = await startGroups([1, 1], { groupStickiness: { durationSeconds: 60 }, stickiness });
    expect(warnings).toEqual([expect.stringContaining("does not work with weighted target groups")]);
    const answer = await get("/", "MYAPP=1");
    expect(answer.setCookies.filter((line) => /^AWSALBAPP-\d=_remove_;/.test(line))).toHaveLength(4);
    expect(names(answer)).toContain("AWSALBTG");
  });

  it("do not leave a group whose targets are all unhealthy, unless so assumed", async () => {
    for (const [groupFailover, expected] of [
      [false, ["C", "C"]],
      [true, ["A", "B"]],
    ] as const) {
      await startGroups([0, 1], {
        healthCheck: { intervalSeconds: 5 },
        timeScale: 0.01,
        assume: { groupFailover },
      });
      const green = farm[2];
      if (green !== undefined) green.isHealthy = false;
      await waitUntil("green is out", () => stateOf(green as FarmTarget) === "unhealthy");
      const went = [(await get("/")).instance, (await get("/")).instance];
      // Weight 0 takes nothing, whatever happens to the other group.
      expect(went).toEqual(groupFailover ? ["C", "C"] : expected);
      await alb.close();
      await Promise.all(farm.map((target) => target.stop()));
    }
  });
});

describe("Classic Load Balancer", () => {
  it("duration policy: AWSELB once, not refreshed; MAX-AGE only with a period", async () => {
    await start({ stickiness: { type: "clb_duration", durationSeconds: 60 } });
    const first = await get("/");
    expect(first.setCookies[0]).toMatch(/^AWSELB=[0-9A-F]+;PATH=\/;MAX-AGE=60$/);
    expect(first.setCookies[1]).toMatch(/^AWSELBCORS=[0-9A-F]+;PATH=\/;MAX-AGE=60;SECURE;SAMESITE=None$/);
    const second = await get("/", cookiesOf(first));
    expect(second).toMatchObject({ instance: first.instance, setCookies: [] });
    alb.setStickiness({ type: "clb_duration" });
    expect((await get("/")).setCookies[0]).toMatch(/;PATH=\/$/);
  });

  it("duration policy: a failed instance is as if there was no cookie", async () => {
    await start({ stickiness: { type: "clb_duration" } });
    const first = await get("/");
    await kill(first.instance);
    const second = await get("/", cookiesOf(first));
    expect(second.instance).not.toBe(first.instance);
    expect(names(second)).toEqual(["AWSELB", "AWSELBCORS"]);
  });

  it("application policy: AWSELB follows the application's cookie, attributes and all", async () => {
    const line = "MYAPP=abc; Path=/my_app; Max-Age=30; HttpOnly; Secure; SameSite=Lax";
    await start({ stickiness: { type: "clb_app_cookie", cookieName: "MYAPP" } }, line);
    expect((await get("/")).setCookies).toEqual([]);
    const first = await get("/login");
    expect(first.setCookies[1]).toMatch(
      /^AWSELB=[0-9A-F]+; Path=\/my%5Fapp; Max-Age=30; HttpOnly; Secure; SameSite=Lax$/,
    );
    const second = await get("/", cookiesOf(first));
    expect(second).toMatchObject({ instance: first.instance, setCookies: [] });
    const before = alb.status().nonStickyRequests;
    await get("/", cookiesOf(first, "AWSELB"));
    expect(alb.status().nonStickyRequests).toBe(before + 1);
    await kill(first.instance);
    const moved = await get("/", cookiesOf(first));
    expect(names(moved)).toEqual(["AWSELB"]);
    expect((await get("/", `MYAPP=abc; ${cookiesOf(moved)}`)).instance).toBe(moved.instance);
  });

  it("application policy: a trailing semicolon makes the cookie invisible", async () => {
    await start({ stickiness: { type: "clb_app_cookie", cookieName: "MYAPP" } }, "MYAPP=abc; Path=/;");
    expect(names(await get("/login"))).toEqual(["MYAPP"]);
  });
});

describe("by the client's address", () => {
  const from = async (localAddress: string): Promise<string | undefined> =>
    (await ask(alb.url, { localAddress })).instance;

  it.each(["source_ip", "ip_hash"] as const)(
    "%s keeps an address, moves it when its target fails, sets no cookie",
    async (type) => {
      await start({ stickiness: { type } });
      const addresses = Array.from({ length: 12 }, (_, n) => `127.0.${n}.1`);
      const first = new Map<string, string | undefined>();
      for (const address of addresses) first.set(address, await from(address));
      for (const address of addresses) expect(await from(address)).toBe(first.get(address));
      expect(new Set(first.values()).size).toBeGreaterThan(1);
      const [address = "", name] = [...first][0] ?? [];
      await kill(name);
      const next = await from(address);
      expect(next).not.toBe(name);
      expect(await from(address)).toBe(next);
      expect((await ask(alb.url)).setCookies).toEqual([]);
      expect(alb.status().nonStickyRequests).toBe(0);
    },
  );

  it("ip_hash sees three octets, source_ip the whole address", async () => {
    await start({ stickiness: { type: "ip_hash" } });
    const last = Array.from({ length: 10 }, (_, n) => `127.0.0.${n + 1}`);
    const spread = async (): Promise<number> => new Set(await Promise.all(last.map(from))).size;
    expect(await spread()).toBe(1);
    alb.setStickiness({ type: "source_ip" });
    expect(await spread()).toBeGreaterThan(1);
  });
});
