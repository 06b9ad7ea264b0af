import { startDemo } from "./demo.ts";
import { DemoError } from "./errors.ts";
import { runHeadless } from "./headless/run.ts";
import { type DemoOptions, readOptions, usage } from "./options.ts";
import { servePage } from "./page/serve.ts";

/** The command: 0 when all went well, 1 otherwise, 130 after Ctrl-C. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    const options = readOptions(argv);
    if (options.help) process.stdout.write(usage);
    else if (options.headless) await headless(options);
    else await withPage(options);
  } catch (error) {
    const isOurs = error instanceof DemoError || (error as { code?: unknown }).code !== undefined;
    process.stderr.write(`${isOurs ? (error as Error).message : (error as Error).stack}\n`);
    process.exit(1);
  }
}

async function headless(options: DemoOptions): Promise<void> {
  const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const nobody = (): void => {};
  const events = { onStep: nobody, onAnswered: nobody, onChange: nobody };
  const demo = await startDemo(options, "http://127.0.0.1/", events);
  stopOnSignal(demo.close);
  say(`Shared state: ${demo.stateDescription}. Framework: ${demo.framework}.`);
  try {
    const hasKeptAll = await runHeadless(demo, { logins: options.logins, json: options.json, say });
    if (!hasKeptAll) say("Shared state has lost a login or a session: see the table.");
    process.exitCode = hasKeptAll ? 0 : 1;
  } finally {
    await demo.close();
  }
}

async function withPage(options: DemoOptions): Promise<void> {
  const page = await servePage(options);
  stopOnSignal(page.close);
}

/** Ctrl-C and SIGTERM stop every process that was started; a second one does not wait. */
function stopOnSignal(close: () => Promise<void>): void {
  let isStopping = false;
  const stop = (code: number): void => {
    if (isStopping) process.exit(code);
    isStopping = true;
    close().then(
      () => process.exit(code),
      () => process.exit(1),
    );
  };
  process.on("SIGINT", () => stop(130));
  process.on("SIGTERM", () => stop(143));
}
