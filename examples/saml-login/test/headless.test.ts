import { type RedisServer, startRedis } from "@unstick/testbed";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Figures } from "../src/headless/tally.ts";
import type { ModeId } from "../src/modes.ts";
import { runDemo } from "./demo-process.ts";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const logins = 24;
const args = ["--headless", "--json", `--logins=${logins}`];

type ByMode = Readonly<Record<ModeId, Figures>>;

const scenes: readonly (readonly [name: string, command: () => string[], state: string])[] = [
  ["Express on LMDB", () => [...args, "--lmdb"], "LMDB"],
  ["Koa on Redis", () => [...args, "--framework=koa", `--redis=${redis.url}`], "Redis"],
];

test.each(scenes)("headless: %s", { timeout: 240_000 }, async (_name, command, state) => {
  const demo = runDemo(command());
  const code = await demo.ended;
  expect(demo.stdout(), demo.stderr()).not.toBe("");
  const answer = JSON.parse(demo.stdout()) as { state: string; modes: Figures[] };
  expect(answer.state).toContain(state);
  const figures = Object.fromEntries(answer.modes.map((one) => [one.mode, one])) as ByMode;
  allAreCounted(figures);
  localStateFails(figures);
  stickinessFailsWithItsInstance(figures);
  sharedStateLosesNothing(figures);
  replaysAreRefused(figures);
  logoutsEndWhatIsShared(figures);
  expect(code).toBe(0);
});

/** Every mode tries every login and says why each failure failed. */
function allAreCounted(figures: ByMode): void {
  for (const { tried, succeeded, failed, errors } of Object.values(figures)) {
    const counted = Object.values(errors).reduce((sum, times) => sum + times, 0);
    expect([tried, succeeded + failed, counted]).toEqual([logins, logins, failed]);
  }
}

const unknownLogin = /^No login that waits for this answer is known/;

/** Without stickiness and with a Lax cookie, that is. */
function localStateFails(figures: ByMode): void {
  for (const mode of ["local", "sticky-lax"] as const) {
    const times = Object.entries(figures[mode].errors).find(([error]) => unknownLogin.test(error))?.[1];
    expect(times).toBeGreaterThan(logins / 8);
  }
}

/** With `SameSite=None; Secure` only those ten can fail who were typing when their instance died. */
function stickinessFailsWithItsInstance({ "sticky-none": figures }: ByMode): void {
  for (const error of Object.keys(figures.errors)) expect(error).toMatch(unknownLogin);
  expect(figures.failed).toBeGreaterThan(0);
  expect(figures.failed).toBeLessThan(10);
  expect(figures.sessionsBeforeKill).toBe(2);
}

/** Not even at the kill; and the load is even. */
function sharedStateLosesNothing({ shared }: ByMode): void {
  const { succeeded, errors, sessionsBeforeKill, sessionsLost } = shared;
  expect({ succeeded, errors, sessionsBeforeKill, sessionsLost }).toEqual({
    succeeded: logins,
    errors: {},
    sessionsBeforeKill: 2,
    sessionsLost: 0,
  });
  expect(shared.imbalance).toBeLessThan(1.3);
}

/** Everybody who came back from the identity provider had an answer that a stranger presents once more. */
function replaysAreRefused(figures: ByMode): void {
  for (const { replays, replaysAccepted } of Object.values(figures)) {
    expect([replays, replaysAccepted]).toEqual([logins, 0]);
  }
}

/** Where an instance has only its own memory, a logout cannot reach what the others have. */
function logoutsEndWhatIsShared({ shared, "sticky-none": sticky }: ByMode): void {
  expect([shared.loggedOut, shared.aliveAfterLogout]).toEqual([logins, 0]);
  expect(sticky.aliveAfterLogout).toBeGreaterThan(0);
  expect(sticky.aliveAfterLogout).toBeLessThan(sticky.loggedOut);
}

test("in the named Redis nothing is left behind", async () => {
  const { Redis } = await import("ioredis");
  const client = new Redis(redis.url);
  expect(await client.dbsize()).toBe(0);
  client.disconnect();
});
