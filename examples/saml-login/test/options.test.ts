import { describe, expect, test } from "vitest";
import { readOptions, readRedisUrl } from "../src/options.ts";

test("defaults", () => {
  expect(readOptions([])).toEqual({
    help: false,
    headless: false,
    json: false,
    framework: "express",
    logins: 100,
    redis: undefined,
    lmdb: false,
    port: 0,
    albPort: 0,
    idpPort: 0,
    open: true,
  });
});

describe("a wrong option is refused by name", () => {
  test.each([
    [["--framework", "fastify"], "--framework"],
    [["--framework"], "--framework"],
    [["--logins", "9", "--headless"], "--logins"],
    [["--logins", "10001", "--headless"], "--logins"],
    [["--logins", "1e3", "--headless"], "--logins"],
    [["--logins", "20"], "--logins"],
    [["--json"], "--json"],
    [["--port", "65536"], "--port"],
    [["--port", "-1"], "--port"],
    [["--alb-port", "http"], "--alb-port"],
    [["--idp-port", ""], "--idp-port"],
    [["--redis", "http://127.0.0.1"], "--redis"],
    [["--redis", "127.0.0.1:6379"], "--redis"],
    [["--redis", "redis://127.0.0.1", "--lmdb"], "--lmdb"],
    [["--stickiness", "app_cookie"], "--stickiness"],
    [["express"], "express"],
  ])("%j", (argv, option) => {
    expect(() => readOptions(argv)).toThrow(option);
  });
});

test("a wrong Redis URL is not repeated: it may hold a password", () => {
  expect(() => readRedisUrl("rdeis://:hunter2@db", "REDIS_URL")).toThrow(/^REDIS_URL: (?!.*hunter2)/);
});
