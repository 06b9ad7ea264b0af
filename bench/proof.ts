import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { openEnv } from "./proof/env.ts";
import { measures, type Size, sizes } from "./proof/measures.ts";
import { formatTable, number, type Row } from "./proof/row.ts";

/**
 * The figures of the README: real processes on one real Redis, the peers beside in the same run.
 * `npm run proof`, `npm run proof -- --quick` (about a minute), `--json`, `--only=<part of a name>`.
 * Ends with 1 when a figure is not what it must be.
 */
const { values: args } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    tiny: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});

const size: Size = args.tiny ? "tiny" : args.quick ? "quick" : "full";
const chosen = measures.filter(({ name }) => name.includes(args.only));
const machine = `Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}`;
const begun = performance.now();

const rows = await proveAll();
const seconds = Math.round((performance.now() - begun) / 1000);
if (args.json) console.log(JSON.stringify({ machine, size, seconds, rows }, undefined, 2));
else console.log(`${machine}; ${size} counts, ${seconds} s\n\n${formatTable(rows)}`);
// Everything is closed. On a busy machine Node 20 was seen to spin for good in its own teardown, which this leaves out.
process.exit(rows.length === 0 || rows.some(({ held }) => !held) ? 1 : 0);

async function proveAll(): Promise<readonly Row[]> {
  // A tiny run is there for the tests, which start enough processes as it is.
  const env = await openEnv(size === "tiny" ? 1 : 3);
  const proved: Row[] = [];
  try {
    for (const { name, counts, prove } of chosen) {
      const count = counts[sizes.indexOf(size)] ?? 0;
      env.note(`▸ ${name} (${number(count)})`);
      proved.push(...(await prove(count, env)));
    }
  } finally {
    await env.close();
  }
  return proved;
}
