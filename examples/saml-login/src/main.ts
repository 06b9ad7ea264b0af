import { startDemo } from "./demo.ts";
import { DemoError } from "./errors.ts";
import { runHeadless } from "./headless/run.ts";
import { type DemoOptions, readOptions, usage } from "./options.ts";
import { servePage } from "./page/serve.ts";
import { Undo } from "./undo.ts";

/** The command: exit code 0 when all went well, 1 otherwise, 130 after Ctrl-C. */
export async function main(argv: readonly string[]): Promise<void> {
  const undo = new Undo();
  stopOnSignal(undo);
  try {
    const options = readOptions(argv);
    if (options.help) process.stdout.write(usage);
    else if (options.headless) await headless(options, undo);
    else await servePage(options, undo);
  } catch (error) {
    if (!isStopping) process.stderr.write(`${tell(error as Error)}\n`);
    process.exitCode = 1;
    await undo.run();
  }
}

async function headless(options: DemoOptions, undo: Undo): Promise<void> {
  const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const nobody = (): void => {};
  const events = { onStep: nobody, onLoggedOut: nobody, onAnswered: nobody, onChange: nobody };
  // Nobody looks at a page: people end up there after a login and go no further.
  const demo = await startDemo(options, "http://127.0.0.1/", events, undo);
  say(`Shared state: ${demo.stateDescription}. Framework: ${demo.framework}.`);
  const hasKeptAll = await runHeadless(demo, { logins: options.logins, json: options.json, say });
  if (!hasKeptAll)
    say("A login or a session was lost, a session outlived its logout, or a replay was accepted: see above.");
  process.exitCode = hasKeptAll ? 0 : 1;
  await undo.run();
}

/** What is wrong, in a sentence where we know; a stack trace is for faults of ours. */
function tell(error: Error): string {
  const isSentence = error instanceof DemoError || "code" in error;
  return isSentence ? error.message : String(error.stack);
}

let isStopping = false;

/** Ctrl-C and SIGTERM stop every process that was started; a second one does not wait. */
function stopOnSignal(undo: Undo): void {
  const stop = (code: number): void => {
    if (isStopping) process.exit(code);
    isStopping = true;
    undo.run().then(
      () => process.exit(code),
      () => process.exit(1),
    );
  };
  process.on("SIGINT", () => stop(130));
  process.on("SIGTERM", () => stop(143));
}
