import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultAssumptions } from "../src/assumptions.ts";
import { type RoutingState, route, usableTargets } from "../src/route.ts";
import type { RequestView, RuleContext, TargetView } from "../src/rules/claim.ts";
import { matchesPath } from "../src/rules/path-pattern.ts";
import { unseal } from "../src/rules/sealed-value.ts";
import { writeClaim } from "../src/rules/stickiness.ts";

const states = ["initial", "healthy", "unhealthy", "draining", "unused"] as const;
const types = [
  "none",
  "app_cookie",
  "lb_cookie",
  "clb_duration",
  "clb_app_cookie",
  "source_ip",
  "ip_hash",
] as const;
const algorithms = ["round_robin", "least_outstanding_requests", "weighted_random"] as const;

const target = fc.record({
  state: fc.constantFrom(...states),
  inFlight: fc.nat(20),
  share: fc.double({ min: 0.01, max: 1, noNaN: true }),
});

const group = fc.record({
  type: fc.constantFrom(...types),
  algorithm: fc.constantFrom(...algorithms),
  targets: fc.array(target, { maxLength: 6 }),
  weight: fc.nat(999),
});

const cookieText = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.constantFrom(
    "MYAPP=1; AWSALBAPP-0=_remove_",
    "AWSALB=AAAA; AWSALBTG=%2B",
    "AWSELB=00FF; MYAPP",
    "=;=;;",
  ),
);

function stateOf(
  groups: readonly {
    type: (typeof types)[number];
    algorithm: (typeof algorithms)[number];
    targets: readonly Omit<TargetView, "id">[];
    weight: number;
  }[],
): RoutingState {
  return {
    groups: groups.map(({ type, algorithm, targets, weight }, g) => ({
      name: `g${g}`,
      stickiness: { type, cookieName: "MYAPP", durationSeconds: 60 },
      algorithm,
      weight,
      pathPattern: undefined,
      turns: {},
      targets: targets.map((each, t) => ({ ...each, id: `http://127.0.0.1:${3000 + t}` })),
    })),
    groupTurns: {},
    groupStickiness: { durationSeconds: 60 },
  };
}

const context = (nowMs = 1_000_000): RuleContext => ({
  key: Buffer.alloc(32, 7),
  nowMs,
  isHttps: true,
  assume: defaultAssumptions,
  secondMs: 1_000,
  newLabel: () => randomBytes(3).toString("hex"),
});

const request = (cookies: string): RequestView => ({
  cookies,
  userAgent: "",
  clientAddress: "10.0.0.1",
  path: "/",
});

describe("route", () => {
  it("is total, and goes to a usable target exactly when there is one", () => {
    fc.assert(
      fc.property(
        fc.array(group, { minLength: 1, maxLength: 5 }),
        cookieText,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (groups, cookies, random) => {
          const decision = route(request(cookies), stateOf(groups), context(), () => random);
          const usable = usableTargets(decision.group.targets).map(({ id }) => id);
          if (usable.length === 0) expect(decision.target).toBeNull();
          else expect(usable).toContain(decision.target);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is pure: the same arguments give the same decision", () => {
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 3 }), cookieText, (groups, cookies) => {
        const state = stateOf(groups);
        const fixed = { ...context(), newLabel: () => "abcdef" };
        const before = JSON.stringify(state);
        const first = route(request(cookies), state, fixed, () => 0.5);
        expect(route(request(cookies), state, fixed, () => 0.5)).toEqual(first);
        expect(JSON.stringify(state)).toBe(before);
      }),
    );
  });

  it("a valid pair whose target is healthy goes there, whatever the others are", () => {
    const sticky = fc.constantFrom("app_cookie", "lb_cookie", "clb_duration", "clb_app_cookie");
    fc.assert(
      fc.property(
        sticky,
        group,
        fc.nat(5),
        fc.array(fc.constantFrom(...states), { minLength: 6, maxLength: 6 }),
        (type, base, at, later) => {
          const targets = Array.from({ length: 6 }, () => ({
            state: "healthy" as const,
            inFlight: 0,
            share: 1,
          }));
          const first = stateOf([{ ...base, type, targets }]);
          const [only] = first.groups;
          const pinned = only?.targets[at]?.id ?? "";
          const decision = route(request(""), first, context(), Math.random);
          const choice = { target: pinned, isSticky: false, claim: decision.claim };
          const lines = writeClaim(
            request(""),
            choice,
            { setCookies: ["MYAPP=1"] },
            decision.group,
            context(),
          );
          const cookies = ["MYAPP=1", ...lines.early, ...lines.late]
            .map((line) => line.split(";")[0])
            .join("; ");
          const changed = later.map((state, t) => ({
            state: t === at ? ("healthy" as const) : state,
            inFlight: 9,
            share: 1,
          }));
          const next = route(
            request(cookies),
            stateOf([{ ...base, type, targets: changed }]),
            context(1_059_999),
            Math.random,
          );
          expect(next).toMatchObject({ target: pinned, isSticky: true });
          if (type === "clb_duration" || type === "clb_app_cookie") return;
          const late = route(
            request(cookies),
            stateOf([{ ...base, type, targets: changed }]),
            context(1_060_000),
            Math.random,
          );
          expect(late.isSticky).toBe(false);
        },
      ),
    );
  });
});

describe("what comes from outside", () => {
  it("no bytes make the sealed value throw, and none that were not sealed are believed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(unseal(Buffer.alloc(32, 7), "AWSALBAPP", Buffer.from(bytes))).toBeNull();
      }),
    );
  });

  it("a pattern without wildcards matches itself and only that", () => {
    const path = fc.stringMatching(/^\/[a-z.+()$^|[\]{}\\]*$/);
    fc.assert(
      fc.property(path, path, (one, other) => {
        expect(matchesPath(one, other)).toBe(one === other);
        expect(matchesPath(one, one)).toBe(true);
      }),
    );
  });
});
