import { readFileSync } from "node:fs";
import { globSync } from "tinyglobby";
import { expect, test } from "vitest";
import { findObstacles, type ReleaseState } from "../scripts/release-plan.ts";
import { root } from "./source-tree.ts";

const ready: ReleaseState = {
  packages: [
    { name: "@unstick/a", version: "1.2.0", hasProvenance: true, changelog: "# a\n\n## 1.2.0\n" },
    { name: "@unstick/b", version: "1.2.0", hasProvenance: true, changelog: "# b\n\n## 1.2.0\n" },
  ],
  pendingChangesets: [],
  isTreeClean: true,
  hasIdentity: true,
};
const [first] = ready.packages;

test("what is ready can go", () => {
  expect(findObstacles(ready)).toEqual([]);
});

test.each<[string, Partial<ReleaseState>]>([
  ["@unstick/a has no entry for 1.2.0", { packages: [{ ...first!, changelog: "## 1.2.0-beta.1" }] }],
  ["does not ask for provenance", { packages: [{ ...first!, hasProvenance: false }] }],
  [
    "versions differ: 1.2.0, 1.3.0",
    { packages: [first!, { ...first!, version: "1.3.0", changelog: "## 1.3.0" }] },
  ],
  ["changesets without a version: words.md", { pendingChangesets: ["words.md"] }],
  ["uncommitted changes", { isTreeClean: false }],
  ["publish from the Release workflow", { hasIdentity: false }],
])("not yet: %s", (sentence, change) => {
  const obstacles = findObstacles({ ...ready, ...change });
  expect(obstacles).toHaveLength(1);
  expect(obstacles[0]).toContain(sentence);
});

const workflows = globSync(".github/workflows/*.yml", { cwd: root, dot: true });

test.each(workflows)("%s pins every action by commit and may only read by default", (path) => {
  const text = readFileSync(`${root}${path}`, "utf8");
  const uses = [...text.matchAll(/uses: *(\S+)(.*)/g)];
  expect(uses.length).toBeGreaterThan(0);
  for (const [, action, comment] of uses) {
    expect(action).toMatch(/@[0-9a-f]{40}$/);
    expect(comment).toMatch(/^ # v\d+\.\d+\.\d+$/);
  }
  expect(text).toMatch(/^permissions:\n {2}contents: read\n$/m);
});
