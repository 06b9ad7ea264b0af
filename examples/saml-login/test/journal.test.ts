import { expect, test } from "vitest";
import type { Step } from "../src/fleet/messages.ts";
import { Journal } from "../src/journal.ts";

function step(kind: Step["kind"], instance: string, ...names: string[]): Step {
  return { kind, instance, names, cookies: [], isSimulated: false, refusal: null };
}

test("steps that share a name with an earlier one are of one login", () => {
  const journal = new Journal();
  const note = (one: Step): void => journal.noteStep(one, () => 7);
  note(step("begun", "A", "request 1", "visit 1"));
  note(step("begun", "B", "request 2", "visit 2"));
  journal.noteSignedIn("request 2", "answer 2");
  journal.noteSignedIn("request of nobody", "answer 3");
  note(step("answered", "C", "request 2", "ticket 2"));
  note(step("redeemed", "A", "ticket 2"));
  note(step("welcomed", "B", "visit 2"));
  note(step("redeemed", "C", "ticket 1"));
  note({ ...step("welcomed", "C", "visit 2"), isSimulated: true });
  const { answered, redeemed, welcomed, ...login } = journal.latest!;
  expect(login).toEqual({ begunBy: "B", begunByPid: 7, isSignedIn: true });
  expect([answered, redeemed, welcomed].map((one) => one?.instance)).toEqual(["C", "A", "B"]);
  expect(journal.latestAnswer).toBe("answer 2");
  journal.forget();
  expect([journal.latest, journal.latestAnswer]).toEqual([null, null]);
});
