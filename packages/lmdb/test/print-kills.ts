import { freshFile } from "./fresh-file.ts";
import { killWriters } from "./kill-writers.ts";

/** More kills than the suite has time for: `npx tsx packages/lmdb/test/print-kills.ts [runs] [kills]`. */
const [runs = 10, kills = 30] = process.argv.slice(2).map(Number);
const faults: string[] = [];
let acknowledged = 0;
process.on("unhandledRejection", (error) => faults.push(String(error)));
for (let run = 0; run < runs; run += 1) {
  const { path, remove } = await freshFile();
  acknowledged += await killWriters(path, kills, 4).catch((error: unknown) => {
    faults.push(String(error));
    return 0;
  });
  await remove();
  console.log(`run ${run + 1} of ${runs}: ${faults.length} faults so far`);
}
console.log(`${runs} runs with ${kills} processes killed in each, ${acknowledged} writes acknowledged:`);
console.log(faults.length === 0 ? "none lost, no commit failed" : faults.join("\n"));
process.exit(faults.length > 0 ? 1 : 0);
