import { run } from "./packed/run.ts";
import { root } from "./source-tree.ts";

/** `npm test` has built before it starts the tests; whoever runs a single file needs not think of it. */
export async function ensureBuilt(): Promise<void> {
  if (process.env.UNSTICK_BUILT) return;
  await run(root, "npx", ["--no-install", "turbo", "run", "build", "--output-logs=errors-only"]);
}
