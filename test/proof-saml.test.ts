import { beforeAll, expect, test } from "vitest";
import type { Row } from "../bench/proof/row.ts";
import { ensureBuilt } from "./ensure-built.ts";
import { runProof } from "./run-proof.ts";

beforeAll(ensureBuilt);

/** Where a cache in Redis as applications write it fails every time, `N of N` or `0 of N` as the measure counts. */
const naiveAlwaysFails: readonly (readonly [measure: RegExp, count: RegExp])[] = [
  [/unsolicited response replayed/, /cache 3 of 3;/],
  [/InResponseTo stripped/, /cache 3 of 3;/],
  [/InResponseTo omitted/, /cache 3 of 3;/],
  [/unsigned forged Response/, /cache 0 of 1;/],
  [/IdP logout by POST/, /cache 0 of 5;/],
  [/assertion after its logout/, /cache 1 of 1;/],
  [/login CSRF/, /cache 1 of 1;/],
  [/store down/, /cache 0 of 1;/],
];

test("npm run proof:saml: every figure is held by ours, and what others always lose they lose", async () => {
  const { code, stdout, stderr } = await runProof("proof-saml.ts", "--tiny", "--json");
  expect(stdout, stderr).not.toBe("");
  const { rows } = JSON.parse(stdout) as { rows: Row[] };
  expect(rows.filter(({ held }) => !held)).toEqual([]);
  expect(rows).toHaveLength(16);
  for (const [measure, count] of naiveAlwaysFails) {
    expect(rows.find((row) => measure.test(row.measure))?.peer, String(measure)).toMatch(count);
  }
  expect(code).toBe(0);
}, 240_000);

test("a measure that is unknown ends with 1", async () => {
  expect((await runProof("proof-saml.ts", "--tiny", "--only=nonsense")).code).toBe(1);
}, 60_000);
