import { type RedisServer, startRedis } from "@unstick/testbed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

describe.each([
  ["Express on LMDB", () => [...args, "--lmdb"], "LMDB"],
  ["Koa on Redis", () => [...args, "--framework=koa", `--redis=${redis.url}`], "Redis"],
])("headless: %s", (_name, command, state) => {
  let code: number | string;
  let figures: Readonly<Record<ModeId, Figures>>;

  beforeAll(async () => {
    const demo = runDemo(command());
    code = await demo.ended;
    expect(demo.stdout(), demo.stderr()).not.toBe("");
    const answer = JSON.parse(demo.stdout()) as { state: string; modes: Figures[] };
    expect(answer.state).toContain(state);
    figures = Object.fromEntries(answer.modes.map((one) => [one.mode, one])) as typeof figures;
  });

  test("every mode tries every login and says why each failure failed", () => {
    for (const { tried, succeeded, failed, errors } of Object.values(figures)) {
      const counted = Object.values(errors).reduce((sum, times) => sum + times, 0);
      expect([tried, succeeded + failed, counted]).toEqual([logins, logins, failed]);
    }
  });

  test("without stickiness and with a Lax cookie logins fail: InResponseTo is not valid", () => {
    for (const mode of ["local", "sticky-lax"] as const) {
      expect(figures[mode].errors["InResponseTo is not valid"]).toBeGreaterThan(logins / 8);
    }
  });

  test("with a cookie of SameSite=None; Secure only those fail whose instance died, and its sessions are lost", () => {
    const { failed, sessionsBeforeKill, sessionsLost, errors } = figures["sticky-none"];
    for (const error of Object.keys(errors)) expect(error).toBe("InResponseTo is not valid");
    expect(failed).toBeLessThan(10);
    expect(sessionsBeforeKill).toBe(2);
    expect(sessionsLost).toBeLessThanOrEqual(2);
  });

  test("with shared state nothing is lost, not even at the kill, and the load is even", () => {
    const { succeeded, errors, sessionsBeforeKill, sessionsLost, imbalance } = figures.shared;
    expect({ succeeded, errors, sessionsBeforeKill, sessionsLost }).toEqual({
      succeeded: logins,
      errors: {},
      sessionsBeforeKill: 2,
      sessionsLost: 0,
    });
    expect(imbalance).toBeLessThan(1.3);
    expect(code).toBe(0);
  });
});

test("in the named Redis nothing is left behind", async () => {
  const { Redis } = await import("ioredis");
  const client = new Redis(redis.url);
  expect(await client.dbsize()).toBe(0);
  client.disconnect();
});
