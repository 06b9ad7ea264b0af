import { inspect } from "node:util";
import { AffinityOptionError, type AffinityOptions, affinityDefaults, readOptions } from "@unstick/affinity";
import { affinity as express } from "@unstick/affinity/express";
import { affinity as koa } from "@unstick/affinity/koa";
import { isStored, lost } from "@unstick/testbed/strict-browser";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const secret = "a secret of thirty-two bytes, no?";

/** Options as a JavaScript caller may give them. */
function refusedBy(options: unknown): AffinityOptionError {
  let refused: unknown;
  try {
    readOptions(options as AffinityOptions);
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(AffinityOptionError);
  return refused as AffinityOptionError;
}

it("pins the defaults", () => {
  const { instance, when, ...rest } = affinityDefaults;
  expect(rest).toEqual({
    lifetimeSeconds: 86_400,
    renewWithinSeconds: "half",
    path: "/",
    domain: undefined,
    httpOnly: true,
    secure: "auto",
    sameSite: "lax",
    partitioned: false,
    trustProxy: undefined,
  });
  expect(instance).toMatch(/^[\w-]{22}$/);
  expect([when({}, true), when({}, false)]).toEqual([true, false]);
});

describe("a wrong option", () => {
  const cases: [option: string, given: Record<string, unknown>, remedy: RegExp][] = [
    ["name", { name: undefined }, /missing/],
    ["name", { name: 7 }, /must be a string/],
    ["name", { name: "" }, /empty/],
    ["name", { name: "my app" }, /RFC 6265/],
    ["name", { name: "AWSALB" }, /reserves.*choose a name of your own/],
    ["name", { name: "awsAlbApp-0" }, /reserves/],
    ["name", { name: "AWSALBTG" }, /reserves/],
    ["name", { name: "AWSELBx" }, /reserves/],
    ["name", { name: "n".repeat(4_010) }, /4097 bytes.*shorten/],
    ["name", { name: "__Host-A" }, /secure: true/],
    ["name", { name: "__Host-A", secure: true, path: "/a" }, /path: "\/"/],
    ["name", { name: "__HOST-A", secure: true, domain: "example.com" }, /no domain/],
    ["name", { name: "__Secure-A", secure: false }, /secure: true/],
    ["name", { name: "__secure-A" }, /secure: true/],
    ["name", { name: "__Http-A", secure: true, httpOnly: false }, /httpOnly: true/],
    ["name", { name: "__Host-Http-A", secure: true, httpOnly: false }, /httpOnly: true/],
    ["secret", { secret: undefined }, /missing.*openssl/],
    ["secret", { secret: "fifteen bytes.." }, /16 bytes/],
    ["secret", { secret: [] }, /list of 1 to 8/],
    ["secret", { secret: [secret, "short"] }, /16 bytes/],
    ["secret", { secret: Array.from({ length: 9 }, () => secret) }, /list of 1 to 8/],
    ["secret", { secret: 1234567890123456 }, /must be/],
    ["lifetimeSeconds", { lifetimeSeconds: 34_560_001 }, /400 days/],
    ["lifetimeSeconds", { lifetimeSeconds: 0 }, /from 1/],
    ["lifetimeSeconds", { lifetimeSeconds: -1 }, /from 1/],
    ["lifetimeSeconds", { lifetimeSeconds: 1.5 }, /whole/],
    ["lifetimeSeconds", { lifetimeSeconds: Number.NaN }, /whole/],
    ["lifetimeSeconds", { lifetimeSeconds: "1d" }, /must be/],
    ["renewWithinSeconds", { lifetimeSeconds: 60, renewWithinSeconds: 61 }, /at most/],
    ["renewWithinSeconds", { renewWithinSeconds: -1 }, /0 or more/],
    ["renewWithinSeconds", { lifetimeSeconds: "session", renewWithinSeconds: 5 }, /leave it out/],
    ["path", { path: "shop" }, /start with/],
    ["path", { path: "/a;b" }, /without ";"/],
    ["path", { path: "/a\r\nSet-Cookie: x" }, /visible ASCII/],
    ["path", { path: `/${"a".repeat(1_024)}` }, /1024/],
    ["domain", { domain: "localhost" }, /two labels/],
    ["domain", { domain: ".example.com" }, /leading dot/],
    ["domain", { domain: "127.0.0.1" }, /no IP/],
    ["domain", { domain: "example.com:8080" }, /no port/],
    ["domain", { domain: "exämple.com" }, /ASCII/],
    ["domain", { domain: "example.com; Path=/x" }, /host name/],
    ["httpOnly", { httpOnly: 1 }, /true or false/],
    ["secure", { secure: "yes" }, /"auto"/],
    ["sameSite", { sameSite: "None" }, /lower case/],
    ["sameSite", { sameSite: true }, /lower case/],
    ["sameSite", { sameSite: "none" }, /secure: true/],
    ["sameSite", { sameSite: "none", secure: false }, /secure: true/],
    ["partitioned", { partitioned: true }, /secure: true/],
    ["when", { when: true }, /function/],
    ["instance", { instance: "" }, /no other instance/],
    ["trustProxy", { trustProxy: "loopback" }, /true or false/],
    ["maxAge", { maxAge: 1_000 }, /unknown.*lifetimeSeconds/],
    ["__proto__", JSON.parse('{"__proto__": 1}') as Record<string, unknown>, /unknown/],
  ];

  it.each(cases.map(([option, given, remedy]) => ({ option, given, remedy })))(
    "$option: $given",
    ({ option, given, remedy }) => {
      const error = refusedBy(
        Object.assign(Object.create(null), { name: "APP", secret }, withoutSetters(given)),
      );
      expect(error.code).toBe("ERR_UNSTICK_OPTION");
      expect(error.option).toBe(option);
      expect(error.message).toMatch(remedy);
      expect(error.message).toContain(`option ${option}`);
    },
  );

  it.each([undefined, null, "APP"])("options %o", (options) => {
    expect(refusedBy(options).option).toBe("name");
  });

  it("is thrown by both middlewares at construction", () => {
    expect(() => express({ name: "AWSALBAPP", secret })).toThrow(/AWSALB/);
    expect(() => koa({ name: "AWSALBAPP", secret })).toThrow(/AWSALB/);
  });
});

it("keeps secrets out of errors and of what a log would print", () => {
  const hidden = "hush-hush-hush-hush-hush";
  for (const given of [{ path: "x" }, { unknown: 1 }, { secret: [hidden, "hush"] }, { sameSite: hidden }]) {
    const error = refusedBy({ name: "APP", secret: hidden, ...given });
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${inspect(error)}`).not.toContain(
      "hush",
    );
  }
  for (const shown of [
    express({ name: "APP", secret: hidden }),
    readOptions({ name: "APP", secret: hidden }),
  ]) {
    expect(inspect(shown, { depth: 9, showHidden: true }) + JSON.stringify(shown)).not.toContain("hush");
  }
});

it("only reads the caller's options", () => {
  const options = Object.freeze({ name: "APP", secret: Object.freeze([secret]), domain: undefined });
  expect(() => readOptions(options)).not.toThrow();
});

it("takes the name that just fits", () => {
  expect(() => readOptions({ name: "n".repeat(4_009), secret })).not.toThrow();
});

type Given = Partial<Record<keyof AffinityOptions, unknown>>;

/** Null when the options are refused at construction; else both lines must do in a strict browser what they say. */
async function outcome(given: Given): Promise<"refused" | "works" | string> {
  let config: ReturnType<typeof readOptions>;
  try {
    config = readOptions({ ...given, secret } as AffinityOptions);
  } catch (error) {
    return error instanceof AffinityOptionError ? "refused" : `threw ${String(error)}`;
  }
  const value = config.signed.mint(1_800_000_000, new Uint8Array(12), "host");
  for (const transport of ["secure", "plain"] as const) {
    const kind = config.secure === "auto" ? transport : config.secure ? "secure" : "plain";
    // What `secure: true` writes on a plain connection is for a TLS terminator in front.
    const protocol = kind === "secure" ? "https" : "http";
    const url = `${protocol}://${String(given.domain ?? "app.example.com").toLowerCase()}${given.path ?? "/"}`;
    const set = `${config.name}=${value}${config.bindAttributes[kind]}`;
    const refused = await lost(set, config.expiringCookie[kind], url);
    if (refused !== null) return `${refused}: ${set.slice(-200)}`;
  }
  return "works";
}

describe("every option combination", () => {
  it("throws, or is stored by a strict browser and expired by it: all 3,024 of them", async () => {
    const outcomes = { refused: 0, works: 0 };
    for (const given of everyCombination()) {
      const answer = await outcome(given);
      expect(answer, JSON.stringify(given)).toMatch(/^(refused|works)$/);
      outcomes[answer as "refused" | "works"]++;
    }
    expect(outcomes.refused + outcomes.works).toBe(3_024);
    expect(outcomes.works).toBeGreaterThan(500);
  });

  it("throws, or is stored and expired: hostile strings", async () => {
    const text = fc.string({ unit: "binary", maxLength: 5 });
    const odd = fc.record({
      name: fc.oneof(
        text.map((tail) => `A${tail}`),
        fc.constantFrom("A", "__Hosta", "__hOsT-hTTp-a", "AWSALBX", "n".repeat(4_009), "n".repeat(4_010)),
      ),
      path: fc.oneof(
        text.map((tail) => `/${tail}`),
        fc.constantFrom("", "shop", "/a b", `/${"p".repeat(1_023)}`, `/${"p".repeat(1_024)}`),
      ),
      domain: fc.oneof(
        text.map((head) => `${head}.example.com`),
        fc.constantFrom(
          ".example.com",
          "com",
          "localhost",
          "10.0.0.1",
          "EXAMPLE.com",
          "example.com.",
          "a-.example.com",
        ),
      ),
      lifetimeSeconds: fc.oneof(
        fc.integer(),
        fc.double(),
        fc.constantFrom("session", 34_560_000, 34_560_001),
      ),
      secure: fc.constantFrom(true, false, "auto"),
    });
    const property = fc.asyncProperty(
      odd,
      fc.subarray([...sweptKeys], { minLength: 1 }),
      async (given, keys) => {
        const some = Object.fromEntries([["name", "APP"], ...keys.map((key) => [key, given[key]])]);
        expect(await outcome(some)).toMatch(/^(refused|works)$/);
      },
    );
    await fc.assert(property, { numRuns: 4_000 });
  });

  it("is judged by an oracle that refuses what browsers refuse", async () => {
    const url = "https://app.example.com/";
    const refused = [
      "a=1; Path=/; SameSite=None",
      "a=1; Path=/; Partitioned",
      `a=${"x".repeat(4_096)}; Path=/`,
      "a=1; Path=/; Max-Age=34560001",
      "__Host-a=1; Path=/; Secure; Domain=app.example.com",
      "__Http-a=1; Path=/; Secure",
      "__Host-Http-a=1; Path=/; Secure",
      "__Secure-a=1; Path=/",
      "a=1; Path=/; Domain=com",
      "a=1; Path=/; Domain=other.com",
      "a=1; Path=x",
    ];
    for (const line of refused) expect(await isStored(line, url), line.slice(0, 60)).toBe(false);
    expect(await isStored("a=1; Path=/; Secure", "http://app.example.com/")).toBe(false);
    expect(await isStored("__Host-Http-a=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned", url)).toBe(
      true,
    );
  });
});

const sweptKeys = ["name", "path", "domain", "lifetimeSeconds", "secure"] as const;

function everyCombination(): Given[] {
  const values: [keyof AffinityOptions, readonly unknown[]][] = [
    ["name", ["APP", "__Host-A", "__Secure-A", "__Http-A", "__Host-Http-A", "__hOsT-a", "AWSALBX"]],
    ["lifetimeSeconds", [60, 34_560_000, "session"]],
    ["path", ["/", "/shop"]],
    ["domain", [undefined, "example.com"]],
    ["httpOnly", [true, false]],
    ["secure", [true, false, "auto"]],
    ["sameSite", ["lax", "strict", "none"]],
    ["partitioned", [true, false]],
  ];
  let all: Given[] = [{}];
  for (const [key, choices] of values)
    all = all.flatMap((given) => choices.map((choice) => ({ ...given, [key]: choice })));
  return all;
}

/** Own properties, `__proto__` among them, with nothing inherited. */
function withoutSetters(given: Record<string, unknown>): Record<string, unknown> {
  return Object.defineProperties(Object.create(null), Object.getOwnPropertyDescriptors(given)) as Record<
    string,
    unknown
  >;
}
