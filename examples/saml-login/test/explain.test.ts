import { expect, test } from "vitest";
import { explain } from "../src/explain.ts";
import type { Explanation } from "../src/explanation.ts";
import type { Refusal, Step } from "../src/fleet/messages.ts";
import type { Login } from "../src/journal.ts";
import { explainLogout } from "../src/logout.ts";
import { findMode, type ModeId, stickyCookieName } from "../src/modes.ts";
import { explainReplay } from "../src/replay.ts";

const unknown: Refusal = { code: "ERR_UNSTICK_SAML_REQUEST_UNKNOWN", sentence: "No login is known." };
const forged: Refusal = { code: "ERR_UNSTICK_SAML_REFUSED", sentence: "The message was refused." };
const stranger: Refusal = { code: "ERR_UNSTICK_SAML_OTHER_BROWSER", sentence: "Begun in another browser." };

function step(instance: string, refusal: Refusal | null = null, cookies: string[] = []): Step {
  return { kind: "answered", instance, names: ["_1"], cookies, isSimulated: false, refusal };
}

function tell(mode: ModeId, change: Partial<Login> | null, isBeginnerAlive = true): string {
  const begun: Login = {
    begunBy: "A",
    begunByPid: 1,
    isSignedIn: true,
    answered: null,
    redeemed: null,
    welcomed: null,
  };
  const about = { mode: findMode(mode), state: "LMDB", isBeginnerAlive };
  return inOne(explain(change === null ? null : { ...begun, ...change }, about));
}

function inOne({ tone, headline, sentences }: Explanation): string {
  return [tone, headline, ...sentences].join(" ");
}

/** The three steps after the identity provider, all accepted, at these instances. */
function steps(answered: string, redeemed: string, welcomed: string, cookies: string[] = []): Partial<Login> {
  return { answered: step(answered, null, cookies), redeemed: step(redeemed), welcomed: step(welcomed) };
}

test.each<[what: string, told: string, says: RegExp]>([
  ["no login yet", tell("local", null), /^idle .*Click Log in/],
  ["a person who is typing", tell("local", { isSignedIn: false }), /^waiting .*waiting there/],
  ["an answer on its way", tell("local", {}), /^waiting .*has not arrived/],
  ["a browser on its way", tell("local", { answered: step("A") }), /^waiting/],
  [
    "round robin",
    tell("local", { answered: step("B", unknown) }),
    /^bad .*A made .* at instance B.*InResponseTo is not valid.*no stickiness/,
  ],
  ["Lax", tell("sticky-lax", { answered: step("B", unknown) }), /^bad .*stayed in the browser.*SameSite=Lax/],
  [
    "a dead instance",
    tell("sticky-none", { answered: step("B", unknown, [stickyCookieName]) }, false),
    /^bad .*That process is gone, and its memory with it/,
  ],
  [
    "moved",
    tell("sticky-none", { answered: step("B", unknown, [stickyCookieName]) }),
    /^bad .*moved this browser to another instance/,
  ],
  ["too late", tell("shared", { answered: step("A", unknown) }), /^bad .*took too long/],
  [
    "another error",
    tell("shared", { answered: step("C", forged) }),
    /^bad .*failed at instance C The message was refused/,
  ],
  [
    "an answer left behind",
    tell("local", { answered: step("A"), redeemed: step("B", unknown) }),
    /^bad .*left behind .*A found the answer good.*instance B, where nothing waits/,
  ],
  [
    "another browser",
    tell("shared", { answered: step("A"), redeemed: step("B", stranger) }),
    /^bad .*failed at instance B Begun in another browser/,
  ],
  [
    "a session left behind",
    tell("local", { ...steps("A", "A", "B"), welcomed: step("B", { code: "", sentence: "unknown" }) }),
    /^bad .*A accepted .* went to instance B/,
  ],
  ["luck", tell("local", steps("A", "A", "A")), /^good .*by luck/],
  ["luck with a Lax cookie", tell("sticky-lax", steps("A", "A", "A")), /^good .*did not come along.*luck/],
  [
    "stickiness",
    tell("sticky-none", steps("A", "A", "A", [stickyCookieName])),
    /^good .*came along with the POST.*SameSite=None; Secure/,
  ],
  [
    "shared state",
    tell("shared", steps("B", "C", "A")),
    /^good .*whichever instance .*A made .*B checked .*C gave .*A served .*LMDB/,
  ],
])("%s", (_what, told, says) => {
  expect(told).toMatch(says);
});

const refusedBy = (...instances: string[]) => instances.map((instance) => ({ instance, error: "no" }));

test.each<[what: string, told: Explanation, says: RegExp]>([
  [
    "shared state",
    explainReplay(refusedBy("A", "B", "C"), findMode("shared"), true),
    /^good .*refused, by every instance .*used.*back button/,
  ],
  [
    "local state",
    explainReplay(refusedBy("A", "B"), findMode("local"), true),
    /^good .*know of no such login/,
  ],
  ["one left", explainReplay(refusedBy("A"), findMode("local"), true), /^good .*that is left/],
  ["a login that failed", explainReplay(refusedBy("A"), findMode("local"), false), /^good .*does no better/],
  [
    "accepted",
    explainReplay([...refusedBy("A"), { instance: "B", error: null }], findMode("shared"), true),
    /^bad .*accepted .*by instance B/,
  ],
])("a replay: %s", (_what, told, says) => {
  expect(inOne(told)).toMatch(says);
});

const left = [
  { name: "ada", device: "phone", knownBy: ["A"], status: "logged in" },
  { name: "ada", device: "tablet", knownBy: ["A", "C"], status: "logged in" },
] as const;

test.each<[what: string, told: Explanation, says: RegExp]>([
  [
    "shared state",
    explainLogout("ada", { instance: "B", sessions: 4 }, [], findMode("shared")),
    /^good ada is logged out everywhere .*instance B.*4 sessions/,
  ],
  [
    "local state",
    explainLogout("ada", { instance: "B", sessions: 1 }, left, findMode("local")),
    /^bad ada was not .*1 session: .*phone \(instance A\) and tablet \(instance A and C\)/,
  ],
  [
    "the instance that has it",
    explainLogout("ada", { instance: "B", sessions: 1 }, [], findMode("local")),
    /^good .*B ended 1 session/,
  ],
  [
    "an instance that has none",
    explainLogout("ada", { instance: "B", sessions: 0 }, [], findMode("local")),
    /^bad .*B ended no session/,
  ],
])("a logout everywhere: %s", (_what, told, says) => {
  expect(inOne(told)).toMatch(says);
});
