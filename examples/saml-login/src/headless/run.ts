import type { Demo } from "../demo.ts";
import { modes } from "../modes.ts";
import { play } from "./play.ts";
import { renderTable } from "./table.ts";
import { type Figures, hasFailed } from "./tally.ts";

interface Options {
  readonly logins: number;
  readonly json: boolean;
  /** Progress, for people. */
  readonly say: (sentence: string) => void;
}

/** Every mode once; prints the figures and answers whether everything held that must: see {@link hasFailed}. */
export async function runHeadless(demo: Demo, { logins, json, say }: Options): Promise<boolean> {
  const figures: Figures[] = [];
  for (const mode of modes) {
    say(`${mode.title} …`);
    figures.push(await play(demo, mode, logins));
  }
  const { framework, stateDescription: state } = demo;
  process.stdout.write(json ? `${JSON.stringify({ framework, state, modes: figures }, null, 2)}\n` : "\n");
  if (!json) process.stdout.write(`${renderTable(figures)}\n`);
  return !hasFailed(figures);
}
