import { describe, expect, it } from "vitest";
import { pick, roundRobin, type Turns } from "../src/rules/algorithm.ts";
import { isChromium80 } from "../src/rules/cookie-line.ts";
import { type Arrival, forwardedFor, forwardedHost, hasTooManyForwarders } from "../src/rules/forwarded.ts";
import { type Health, matchesStatus, newHealth, nextHealth, slowStartShare } from "../src/rules/health.ts";
import { matchesPath } from "../src/rules/path-pattern.ts";
import { joinShards, splitIntoShards } from "../src/rules/shards.ts";
import { hashLikeNginx } from "../src/rules/source-address.ts";
import { traceId } from "../src/rules/trace-id.ts";
import { defaults } from "../src/settings.ts";

const arrival: Arrival = { clientAddress: "10.0.0.9", clientPort: 4711, listenerPort: 8080, isHttps: false };

describe("defaults", () => {
  it("are those of AWS", () => {
    expect(defaults).toEqual({
      stickiness: { type: "none", cookieName: "", durationSeconds: 86_400 },
      algorithm: "round_robin",
      healthCheck: {
        path: "/",
        intervalSeconds: 30,
        timeoutSeconds: undefined,
        healthyThreshold: 5,
        unhealthyThreshold: 2,
        matcher: "200",
        port: undefined,
      },
      slowStartSeconds: 0,
      deregistrationDelaySeconds: 300,
      protocolVersion: "HTTP1",
      crossZone: true,
      weight: 1,
      listener: {
        port: 0,
        host: "127.0.0.1",
        idleTimeoutSeconds: 60,
        clientKeepAliveSeconds: 3_600,
        xForwardedFor: "append",
        xForwardedForClientPort: false,
        preserveHostHeader: false,
        dropInvalidHeaderFields: false,
        statusPath: "/_alb",
        timeScale: 1,
      },
    });
  });
});

describe("X-Forwarded-For", () => {
  it.each([
    ["append", false, undefined, "10.0.0.9"],
    ["append", false, "1.1.1.1", "1.1.1.1, 10.0.0.9"],
    ["append", true, "1.1.1.1", "1.1.1.1, 10.0.0.9:4711"],
    ["append", false, " ", "10.0.0.9"],
    ["preserve", true, "1.1.1.1", "1.1.1.1"],
    ["preserve", true, undefined, undefined],
    ["remove", true, "1.1.1.1", undefined],
  ] as const)(
    "%s, client port %s, given %s → %s",
    (xForwardedFor, xForwardedForClientPort, given, expected) => {
      expect(forwardedFor(given, arrival, { xForwardedFor, xForwardedForClientPort })).toBe(expected);
    },
  );

  it("brackets IPv6 when the port is added", () => {
    const settings = { xForwardedFor: "append", xForwardedForClientPort: true } as const;
    expect(forwardedFor(undefined, { ...arrival, clientAddress: "2001:db8::1" }, settings)).toBe(
      "[2001:db8::1]:4711",
    );
  });

  it("is too long from 31 addresses on", () => {
    expect(hasTooManyForwarders(Array(30).fill("1.1.1.1").join(", "))).toBe(false);
    expect(hasTooManyForwarders(Array(31).fill("1.1.1.1").join(", "))).toBe(true);
  });
});

describe("Host", () => {
  it.each([
    ["example.com", 8080, false, false, "example.com:8080"],
    ["example.com:8080", 8080, false, false, "example.com:8080"],
    ["example.com:80", 80, false, false, "example.com"],
    ["example.com:443", 443, true, false, "example.com"],
    ["example.com", 443, true, false, "example.com"],
    ["example.com:80", 80, false, true, "example.com:80"],
    ["example.com", 8080, false, true, "example.com"],
  ])("%s at port %i, https %s, preserved %s → %s", (host, listenerPort, isHttps, isPreserved, expected) => {
    expect(forwardedHost(host, { ...arrival, listenerPort, isHttps }, isPreserved)).toBe(expected);
  });
});

describe("X-Amzn-Trace-Id", () => {
  const newId = (): string => "0123456789abcdef01234567";
  const stamp = "1-67891233-0123456789abcdef01234567";
  it.each([
    ["absent", undefined, 100, `Root=${stamp}`],
    ["with a Root", "Root=1-5-a", 100, `Self=${stamp};Root=1-5-a`],
    ["with a Self", "Self=1-4-b;Root=1-5-a", 100, `Self=${stamp};Root=1-5-a`],
    ["with fields of others", "Root=1-5-a;CalledFrom=app", 100, `Self=${stamp};Root=1-5-a;CalledFrom=app`],
    ["without a Root", "CalledFrom=app", 100, `Root=${stamp};CalledFrom=app`],
    ["in over 7 KB of headers", "Root=1-5-a", 7_169, `Root=${stamp}`],
  ])("%s", (_what, given, bytes, expected) => {
    expect(traceId(given, bytes, 0x67891233 * 1000, newId)).toBe(expected);
  });
});

describe("SameSite=None; Secure", () => {
  it.each([
    [
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
      true,
    ],
    ["Mozilla/5.0 AppleWebKit/537.36 Chrome/80.0.3987.87 Safari/537.36", true],
    ["Mozilla/5.0 AppleWebKit/537.36 Chrome/79.0.3945.130 Safari/537.36", false],
    ["Mozilla/5.0 Chromium/90.0", true],
    ["Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15", false],
    ["curl/8.5.0", false],
    ["", false],
  ])("%s → %s", (userAgent, expected) => {
    expect(isChromium80(userAgent)).toBe(expected);
  });
});

describe("health", () => {
  const thresholds = { healthyThreshold: 3, unhealthyThreshold: 2 };
  const after = (results: string): string => {
    let health: Health = newHealth;
    for (const result of results) health = nextHealth(health, result === "+", thresholds);
    return health.state;
  };
  it.each([
    ["", "initial"],
    ["+", "healthy"],
    ["-", "initial"],
    ["--", "unhealthy"],
    ["-+", "healthy"],
    ["+-", "healthy"],
    ["+--", "unhealthy"],
    ["+-+-", "healthy"],
    ["--+", "unhealthy"],
    ["--++-++", "unhealthy"],
    ["--+++", "healthy"],
  ])("after %s: %s", (results, state) => expect(after(results)).toBe(state));

  it.each([
    [200, "200", true],
    [201, "200", false],
    [204, "200,204", true],
    [302, "200-399", true],
    [404, "200-299, 400-410", true],
    [411, "200-299, 400-410", false],
  ])("%i against %s: %s", (status, matcher, expected) =>
    expect(matchesStatus(status, matcher)).toBe(expected),
  );
});

describe("algorithms", () => {
  const candidates = (shares: readonly number[], inFlight: readonly number[] = []) =>
    shares.map((share, at) => ({ id: "ABC"[at] ?? "", share, inFlight: inFlight[at] ?? 0 }));

  function run(shares: readonly number[], length: number): string {
    let turns: Turns = {};
    let names = "";
    for (let count = 0; count < length; count += 1) {
      const picked = roundRobin(candidates(shares), turns);
      turns = picked.turns;
      names += picked.id;
    }
    return names;
  }

  it("round robin takes turns", () => expect(run([1, 1, 1], 7)).toBe("ABCABCA"));
  it("spreads the share of a target in slow start out", () =>
    expect(run([1, 0.25], 10)).toMatch(/^A+BA{4}BA+$/));
  it("counts a quarter share as one in five beside a whole one", () => {
    expect([...run([1, 0.25], 50)].filter((name) => name === "B")).toHaveLength(10);
  });

  it.each([
    [[2, 0, 1], "B"],
    [[1, 1, 0], "C"],
    [[3, 3, 3], "A"],
  ])("least outstanding requests of %j: %s", (inFlight, expected) => {
    const all = candidates([1, 1, 1], inFlight);
    expect(pick("least_outstanding_requests", all, {}, Math.random).id).toBe(expected);
  });

  it.each([
    [0, "A"],
    [0.34, "B"],
    [0.99, "C"],
  ])("weighted random at %d: %s", (at, expected) => {
    expect(pick("weighted_random", candidates([1, 1, 1]), {}, () => at).id).toBe(expected);
  });

  it("a share grows linearly in slow start", () => {
    expect(
      [undefined, 0, 250, 999, 1_000].map((since) =>
        slowStartShare(since === undefined ? since : 1_000 - since, 1_000, 1_000),
      ),
    ).toEqual([1, 0.01, 0.25, 0.999, 1]);
  });
});

describe("paths, shards, nginx's hash", () => {
  it.each([
    ["/api/users?x=1", "/api/*", true],
    ["/API/users", "/api/*", false],
    ["/apix", "/api/*", false],
    ["/a1", "/a?", true],
    ["/a12", "/a?", false],
    ["/a.b", "/a.b", true],
    ["/axb", "/a.b", false],
  ])("%s matches %s: %s", (path, pattern, expected) => expect(matchesPath(path, pattern)).toBe(expected));

  it("writes four shards always, and reads what it wrote", () => {
    expect(splitIntoShards(null)).toEqual(Array(4).fill("_remove_"));
    const value = "x".repeat(9_000);
    expect(splitIntoShards(value).map(({ length }) => length)).toEqual([
      4_000,
      4_000,
      1_000,
      "_remove_".length,
    ]);
    expect(joinShards(splitIntoShards(value))).toBe(value);
    expect(joinShards(splitIntoShards(null))).toBeNull();
    expect(joinShards([undefined, undefined])).toBeNull();
  });

  it("hashes as nginx does: 113, 6271, the first three octets, and on when a peer is down", () => {
    const all = ["A", "B", "C"].map((id) => ({ id, state: "healthy" as const, inFlight: 0, share: 1 }));
    const first = hashLikeNginx("10.1.2.3", all, all);
    expect(first).toBe(all[nginxHash([10, 1, 2]) % 3]?.id);
    expect(hashLikeNginx("10.1.2.200", all, all)).toBe(first);
    expect(hashLikeNginx("::ffff:10.1.2.9", all, all)).toBe(first);
    const rest = all.filter(({ id }) => id !== first);
    expect(rest.map(({ id }) => id)).toContain(hashLikeNginx("10.1.2.3", all, rest));
    expect(hashLikeNginx("2001:db8::1", all, all)).toBe(hashLikeNginx("2001:0db8:0:0:0:0:0:1", all, all));
    expect(hashLikeNginx("10.1.2.3", [], [])).toBeNull();
  });

  function nginxHash(octets: readonly number[]): number {
    return octets.reduce((hash, octet) => (hash * 113 + octet) % 6271, 89);
  }
});
