import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { type Job, runJob } from "./jobs.ts";

/** A process (forked, or a worker of node:cluster) is told its job by a message, a thread by its data. */
if (isMainThread) {
  // A job whose test is over, because it failed, has nobody to work for.
  process.once("disconnect", () => process.exit());
  process.once("message", async (job: Job) => {
    const answer = await runJob(job);
    process.send?.({ answer }, () => process.disconnect());
  });
  process.send?.({ ready: true });
} else {
  parentPort?.postMessage({ answer: await runJob(workerData as Job) });
}
