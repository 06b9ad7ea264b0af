import { expect, test } from "vitest";
import { renderTable } from "../src/headless/table.ts";
import { type Figures, hasFailed, imbalance, tally } from "../src/headless/tally.ts";
import { findMode } from "../src/modes.ts";

const view = (name: string, requests: number) =>
  ({
    name,
    requests,
    release: 1,
    pid: 1,
    url: "http://127.0.0.1:1",
    isRunning: true,
    health: "healthy",
  }) as const;

const figures: Figures = tally({
  mode: findMode("local"),
  errors: [null, "no", "no", "another"],
  killed: "B",
  before: [view("A", 30), view("B", 60), view("C", 30)],
  after: [view("A", 31), view("B", 60), view("C", 33)],
  known: 7,
  lost: 2,
  replays: 4,
  replaysAccepted: 0,
  loggedOut: 5,
  alive: 3,
});

test("counts errors by their text and measures the imbalance before the kill", () => {
  expect(figures).toMatchObject({
    tried: 4,
    succeeded: 1,
    failed: 3,
    errors: { no: 2, another: 1 },
    requests: { A: 31, B: 60, C: 33 },
    imbalance: 1.5,
    sessionsBeforeKill: 7,
    sessionsLost: 2,
    replays: 4,
    replaysAccepted: 0,
    loggedOut: 5,
    aliveAfterLogout: 3,
  });
});

test("imbalance: 1 is even, 3 is everything on one of three", () => {
  expect([imbalance([5, 5, 5]), imbalance([9, 0, 0]), imbalance([0, 0, 0])]).toEqual([1, 3, 1]);
});

test.each<[change: Partial<Figures>, isFailure: boolean]>([
  [{ mode: "shared", failed: 1 }, true],
  [{ mode: "shared", sessionsLost: 1 }, true],
  [{ mode: "shared", aliveAfterLogout: 1 }, true],
  [{ mode: "shared", replaysAccepted: 1 }, true],
  [{ mode: "shared" }, false],
  [{ mode: "local", failed: 9, sessionsLost: 9, aliveAfterLogout: 9 }, false],
  [{ mode: "local", replaysAccepted: 1 }, true],
])("what must not happen: %j is a failure: %s", (change, isFailure) => {
  const none = { failed: 0, sessionsLost: 0, aliveAfterLogout: 0, replaysAccepted: 0 };
  expect(hasFailed([{ ...figures, ...none, ...change }])).toBe(isFailure);
});

test("the table is Markdown, marks the killed instance, and lists each error", () => {
  expect(renderTable([figures]).split("\n")).toEqual([
    "| mode                       | logins | succeeded | failed | sessions lost at the kill | replays accepted | alive after logout | requests A/B/C | imbalance |",
    "|----------------------------|--------|-----------|--------|---------------------------|------------------|--------------------|----------------|-----------|",
    "| No stickiness, local state | 4      | 1         | 3      | 2 of 7                    | 0 of 4           | 3 of 5             | 31 / 60† / 33  | 1.50      |",
    "",
    'No stickiness, local state: 2 × "no"',
    'No stickiness, local state: 1 × "another"',
  ]);
});
