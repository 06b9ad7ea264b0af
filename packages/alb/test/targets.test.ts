import { freePort, waitUntil } from "@unstick/testbed";
import { afterEach, describe, expect, it } from "vitest";
import { type Alb, type AlbOptions, startAlb } from "../src/index.ts";
import { ask, type Behaviour, type FarmTarget, startFarm, startTarget } from "./farm.ts";

let alb: Alb;
let farm: FarmTarget[] = [];

async function start(
  names: readonly string[],
  options: Partial<AlbOptions> = {},
  behave?: Behaviour,
): Promise<void> {
  farm = await startFarm(names, behave);
  alb = await startAlb({
    targets: farm.map(({ url }) => url),
    healthCheck: { intervalSeconds: 5 },
    timeScale: 0.01,
    ...options,
  });
}

afterEach(async () => {
  await alb.close();
  await Promise.all(farm.map((target) => target.stop()));
});

const states = (): string =>
  alb
    .status()
    .targets.map(({ state }) => state)
    .join(" ");
const becomes = (expected: string): Promise<void> => waitUntil(expected, () => states() === expected);

async function instances(count: number): Promise<string> {
  let names = "";
  for (let at = 0; at < count; at += 1) names += (await ask(alb.url)).instance;
  return names;
}

describe("health checks", () => {
  it("a target that is down at start is shown unhealthy, with the reason, and the emulator runs", async () => {
    farm = await startFarm(["A"]);
    const down = `http://127.0.0.1:${await freePort()}`;
    alb = await startAlb({
      targets: [down, farm[0]?.url ?? ""],
      healthCheck: { intervalSeconds: 5 },
      timeScale: 0.01,
    });
    await becomes("unhealthy healthy");
    expect(alb.status().targets[0]?.problem).toBe("connection refused");
    expect(await instances(3)).toBe("AAA");
    farm.push(await startTarget("B", undefined, Number(new URL(down).port)));
    await becomes("healthy healthy");
  });

  it("takes a target out, and back in after five successes", async () => {
    await start(["A", "B"]);
    const [, sick] = farm as [FarmTarget, FarmTarget];
    sick.isHealthy = false;
    await becomes("healthy unhealthy");
    expect(alb.status().targets[1]?.problem).toBe("answered 503, wanted 200");
    expect(await instances(3)).toBe("AAA");
    const before = sick.seen.length;
    sick.isHealthy = true;
    await becomes("healthy healthy");
    expect(sick.seen.length - before).toBeGreaterThanOrEqual(5);
  });

  it("fails open: with nobody healthy everybody is asked", async () => {
    await start(["A", "B"]);
    for (const target of farm) target.isHealthy = false;
    await becomes("unhealthy unhealthy");
    expect([...(await instances(4))].sort().join("")).toBe("AABB");
  });

  it.each([
    [true, true],
    [false, false],
  ])("pinned clients while failing open: assumed %s", async (stickyWhileFailingOpen, isSticky) => {
    await start(["A", "B"], { stickiness: { type: "lb_cookie" }, assume: { stickyWhileFailingOpen } });
    const cookie = (await ask(alb.url)).setCookies[0]?.split(";")[0] ?? "";
    for (const target of farm) target.isHealthy = false;
    await becomes("unhealthy unhealthy");
    const went = new Set<string | undefined>();
    for (let count = 0; count < 4; count += 1)
      went.add((await ask(alb.url, { headers: { cookie } })).instance);
    expect(went.size).toBe(isSticky ? 1 : 2);
  });

  it("asks the path and the port it is told to, and accepts the codes of the matcher", async () => {
    await start(["A", "H"]);
    await alb.close();
    const [target, helper] = farm as [FarmTarget, FarmTarget];
    helper.isHealthy = false;
    helper.seen.length = 0;
    const port = Number(new URL(helper.url).port);
    alb = await startAlb({
      targets: [target.url],
      healthCheck: { path: "/up?deep=1", port, matcher: "200-299,404" },
    });
    expect(helper.seen.map(({ url }) => url)).toEqual(["/up?deep=1"]);
    expect(alb.status().targets[0]?.problem).toBe("answered 503, wanted 200-299,404");
  });
});

describe("registration", () => {
  it("a new target takes traffic after its first good check", async () => {
    await start(["A"]);
    const added = await startTarget("B");
    farm.push(added);
    alb.register(added.url);
    expect(states()).toBe("healthy initial");
    await becomes("healthy healthy");
    expect([...(await instances(4))].sort().join("")).toBe("AABB");
  });

  it("a deregistered one takes none from then on, ends what it has, and is draining until the delay is over", async () => {
    let finish = (): void => {};
    const behave: Behaviour = (incoming, response) => {
      if (incoming.url === "/slow") finish = () => response.end("done");
      else response.end();
    };
    await start(["A", "B"], { deregistrationDelaySeconds: 3_600 }, behave);
    const slow = ask(`${alb.url}/slow`);
    await waitUntil("it is in flight", () => alb.status().targets.some(({ inFlight }) => inFlight === 1));
    const [busy] = alb.status().targets.filter(({ inFlight }) => inFlight === 1);
    let isDrained = false;
    const drained = alb.deregister(busy?.target ?? "").then(() => {
      isDrained = true;
    });
    expect(states().split(" ").sort()).toEqual(["draining", "healthy"]);
    expect(new Set(await instances(4)).size).toBe(1);
    expect(isDrained).toBe(false);
    finish();
    expect((await slow).body).toBe("done");
    await drained;
    expect(states()).toContain("draining");
  });

  it("unused after the delay, and registered again as if new", async () => {
    await start(["A", "B"], { deregistrationDelaySeconds: 0 });
    const [first] = farm as [FarmTarget];
    await alb.deregister(first.url);
    await becomes("unused healthy");
    alb.register(first.url);
    await becomes("healthy healthy");
  });
});

describe("routing algorithms over real sockets", () => {
  it("least outstanding requests avoids the busy target", async () => {
    const open: (() => void)[] = [];
    const behave: Behaviour = (incoming, response) => {
      if (incoming.url === "/slow") open.push(() => response.end());
      else response.end();
    };
    await start(["A", "B"], { algorithm: "least_outstanding_requests" }, behave);
    const slow = ask(`${alb.url}/slow`);
    await waitUntil("it is in flight", () => open.length === 1);
    const went = await instances(4);
    for (const finish of open) finish();
    const busy = (await slow).instance;
    expect(went).not.toContain(busy);
  });

  it("weighted random reaches everybody, in no order", async () => {
    await start(["A", "B", "C"], { algorithm: "weighted_random" });
    const went = await instances(60);
    expect(new Set(went).size).toBe(3);
    expect(went).not.toBe("ABC".repeat(20));
  });

  it("slow start: a second target begins with a small share", async () => {
    await start(["A"], { slowStartSeconds: 900, timeScale: 1, healthCheck: { intervalSeconds: 300 } });
    const added = await startTarget("B");
    farm.push(added);
    alb.register(added.url);
    await becomes("healthy healthy");
    const went = await instances(50);
    expect([...went].filter((name) => name === "B").length).toBeLessThanOrEqual(2);
  });
});
