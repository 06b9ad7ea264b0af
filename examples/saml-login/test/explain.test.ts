import { expect, test } from "vitest";
import { type Explanation, explain } from "../src/explain.ts";
import type { Step } from "../src/fleet/messages.ts";
import type { Login } from "../src/journal.ts";
import { findMode, type ModeId, stickyCookieName } from "../src/modes.ts";

const refusal = "InResponseTo is not valid";

function step(instance: string, error: string | null = null, cookies: string[] = []): Step {
  return { kind: "answered", instance, login: "_1", cookies, isSimulated: false, error };
}

function tell(mode: ModeId, change: Partial<Login> | null, isBeginnerAlive = true): string {
  const begun: Login = {
    id: "_1",
    begunBy: "A",
    begunByPid: 1,
    isSignedIn: true,
    answered: null,
    welcomed: null,
  };
  const about = { mode: findMode(mode), state: "LMDB", isBeginnerAlive };
  const told: Explanation = explain(change === null ? null : { ...begun, ...change }, about);
  return [told.tone, told.headline, ...told.sentences].join(" ");
}

test.each<[what: string, told: string, says: RegExp]>([
  ["no login yet", tell("local", null), /^idle .*Click Log in/],
  ["a person who is typing", tell("local", { isSignedIn: false }), /^waiting .*waiting there/],
  ["an answer on its way", tell("local", {}), /^waiting .*has not arrived/],
  [
    "round robin",
    tell("local", { answered: step("B", refusal) }),
    /^bad .*A made .* at instance B.*no stickiness/,
  ],
  ["Lax", tell("sticky-lax", { answered: step("B", refusal) }), /^bad .*stayed in the browser.*SameSite=Lax/],
  [
    "a dead instance",
    tell("sticky-none", { answered: step("B", refusal, [stickyCookieName]) }, false),
    /^bad .*That process is gone, and its memory with it/,
  ],
  [
    "moved",
    tell("sticky-none", { answered: step("B", refusal, [stickyCookieName]) }),
    /^bad .*moved this browser to another instance/,
  ],
  ["a replay", tell("shared", { answered: step("A", refusal) }), /^bad .*answered this request before/],
  [
    "another error",
    tell("shared", { answered: step("C", "Invalid signature") }),
    /^bad .*failed: Invalid signature.*C refused/,
  ],
  [
    "a session left behind",
    tell("local", { answered: step("A"), welcomed: step("B", "unknown") }),
    /^bad .*A accepted .* went to instance B/,
  ],
  ["luck", tell("local", { answered: step("A"), welcomed: step("A") }), /^good .*by luck/],
  [
    "luck with a Lax cookie",
    tell("sticky-lax", { answered: step("A"), welcomed: step("A") }),
    /^good .*did not come along.*luck/,
  ],
  [
    "stickiness",
    tell("sticky-none", { answered: step("A", null, [stickyCookieName]), welcomed: step("A") }),
    /^good .*came along with the POST.*SameSite=None; Secure/,
  ],
  [
    "shared state",
    tell("shared", { answered: step("B"), welcomed: step("C") }),
    /^good .*whichever instance .*A made .*B accepted .*C served .*LMDB/,
  ],
])("%s", (_what, told, says) => {
  expect(told).toMatch(says);
});
