import { AlbError } from "../errors.ts";
import { check } from "./check.ts";
import { checkHelp, flagOf, help, startHelp } from "./flags.ts";
import { start } from "./start.ts";

const commands = { start, check } as const;

/** Run the command line; resolves with the exit code: 0 done, 1 could not, 2 wrong usage. */
export async function main(args: readonly string[]): Promise<number> {
  const [name = "", ...rest] = args;
  if (name === "" || name === "help" || name === "--help" || name === "-h")
    return say(help, name === "" ? 2 : 0);
  if (!Object.hasOwn(commands, name))
    return complain(`${name} is not a command; there are start and check`, 2);
  if (rest.includes("--help") || rest.includes("-h")) return say(name === "start" ? startHelp : checkHelp, 0);
  try {
    return await commands[name as keyof typeof commands](rest);
  } catch (error) {
    return explain(error);
  }
}

/** Every fault that a person can mend is a sentence that names the flag; a stack trace is for faults of ours. */
function explain(error: unknown): number {
  if (error instanceof AlbError) {
    const { message, option = "", code } = error;
    const sentence = message.startsWith(`${option} `) ? message.slice(option.length + 1) : message;
    const isNamed = option !== "" && sentence !== message;
    return complain(
      isNamed ? `${flagOf(option)} ${sentence}` : message,
      code === "ERR_UNSTICK_ALB_LISTEN" ? 1 : 2,
    );
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code?.startsWith("ERR_PARSE_ARGS")) return complain(message, 2);
  throw error;
}

function say(text: string, exitCode: number): number {
  process.stdout.write(text);
  return exitCode;
}

function complain(sentence: string, exitCode: number): number {
  process.stderr.write(`alb: ${sentence}\n`);
  return exitCode;
}
