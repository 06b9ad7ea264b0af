import type { StickinessOptions } from "@unstick/alb";
import { RedisStore } from "@unstick/redis/express";
import { createBrowserClient, startRedis, waitUntil } from "@unstick/testbed";
import { Redis } from "ioredis";
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
  const visitors = Array.from({ length: VISITORS }, (_, at) =>
    createVisitor(fleet.url, `user${at}`, at % 2 === 0),
  );
  let isOver = false;
  // Nobody visits while processes start: the fleet is as it was, and visitors and processes would only slow each other.
  let starting: Promise<unknown> = Promise.resolve();
  const mayGoOn = async (): Promise<boolean> => {
    await starting;
    return !isOver;
  };
  const running = Promise.all(visitors.map((visitor) => visitor.run(mayGoOn)));
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
      const started = fleet.start(next);
      starting = started.catch(() => {});
      await fleet.roll(await started, playTurns);
      return visitors.flatMap(({ faults }) => faults);
    },
  };
}

/** Whether every visitor has met instances of both kinds, so that the fleet was mixed for each of them. */
function areMixed({ visitors }: Move, ...kinds: readonly Subject[]): boolean {
  return visitors.every(({ seen }) => kinds.every((kind) => seen.has(kind)));
}

const without: StickinessOptions = { type: "none" };

test("connect-redis to ours by share, adopt and off, and all the way back: nobody is logged out, nothing promised is lost", async () => {
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
    ["adopt", "share"],
    ["share", "return"],
    ["return", "share"],
    ["share", "return"],
    ["return", "connect-redis"],
    ["connect-redis", "share"],
  ];
  for (const [from, to] of steps) {
    // As long as one instance runs connect-redis, requests of one session that overlap lose what they write.
    const isOurs = from !== "connect-redis" && to !== "connect-redis";
    for (const visitor of move.visitors) visitor.mayOverlap = isOurs;
    expect([from, to, await move.rollTo(to)]).toEqual([from, to, []]);
    expect(areMixed(move, from, to)).toBe(true);
  }
}, 480_000);

/** What an operator looks at before the last step back: how many sessions of ours there still are. */
async function countOurs(redisUrl: string): Promise<number | undefined> {
  const client = new Redis(redisUrl);
  try {
    return await new RedisStore({ client }).length();
  } finally {
    client.disconnect();
  }
}

/**
 * Who does not come by is moved by nobody, since connect-redis's key is made of the id, which ours does not keep: such a
 * session is counted, and is not ended by a step that is taken too early.
 */
test("all the way back: who was adopted and comes by, and who never was, is there; who did not come by is counted, and not ended", async () => {
  const redis = await startRedis();
  const fleet = await startFleet("connect-redis", redis.url, without);
  const browsers = ["ada", "ben", "eve"].map((user) => ({ user, client: createBrowserClient() }));
  const [ada, ben, eve] = browsers.map(({ client }) => async (): Promise<string | undefined> => {
    return (JSON.parse((await client.get(`${fleet.url}/show`)).body) as Attributes).user;
  }) as [Show, Show, Show];
  const roll = async (to: Subject): Promise<void> => fleet.roll(await fleet.start(to), async () => {});
  try {
    for (const { user, client } of browsers) await client.get(`${fleet.url}/login?user=${user}`);
    await roll("share");
    await roll("adopt");
    expect([await ada(), await eve()]).toEqual(["ada", "eve"]);
    await roll("share");
    expect([await ada(), await countOurs(redis.url)]).toEqual(["ada", 2]);
    await roll("return");
    expect([await ada(), await countOurs(redis.url)]).toEqual(["ada", 1]);
    await roll("connect-redis");
    expect([await ada(), await ben(), await eve()]).toEqual(["ada", "ben", undefined]);
    await roll("return");
    expect([await ada(), await ben(), await eve()]).toEqual(["ada", "ben", "eve"]);
    expect(await countOurs(redis.url)).toBe(0);
    await roll("connect-redis");
    expect([await ada(), await ben(), await eve()]).toEqual(["ada", "ben", "eve"]);
  } finally {
    for (const { client } of browsers) client.close();
    await fleet.stop();
    await redis.stop();
  }
}, 240_000);

type Show = () => Promise<string | undefined>;

test("koa-redis to ours by adopt and off, while visitors are held to their instance: nobody is logged out", async () => {
  const move = await beginMove("koa-redis", { type: "lb_cookie", durationSeconds: 86_400 });
  expect(await move.rollTo("koa, adopt")).toEqual([]);
  for (const visitor of move.visitors) visitor.mayOverlap = true;
  expect(await move.rollTo("koa, off")).toEqual([]);
}, 240_000);
