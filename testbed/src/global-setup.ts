import { ensurePrograms, programs } from "./programs.ts";

/** Before any test: the real programs are there, or the run ends with a sentence that says what to install. */
export default async function setup(): Promise<void> {
  await ensurePrograms(Object.values(programs));
}
