import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../source-tree.ts";
import type { Block } from "./markdown.ts";

/** Programs that a reader has, or installs by the very line. */
const known: ReadonlySet<string> = new Set([
  "apt-get",
  "aws",
  "cd",
  "cp",
  "curl",
  "docker",
  "git",
  "kill",
  "mkdir",
  "node",
  "redis-server",
  "sudo",
]);

/** Commands of a block that do not exist. In a `console` block only the lines after `$ ` are commands. */
export function checkCommands(block: Block): readonly string[] {
  const lines = block.text.replaceAll("\\\n", " ").split("\n");
  const commands = lines.flatMap((line) => commandsOf(line, block.language === "console"));
  return commands
    .filter((command) => !exists(command.split(/\s+/)))
    .map((command) => `${block.document}:${block.line} there is no: ${command}`);
}

function commandsOf(line: string, isTranscript: boolean): readonly string[] {
  if (isTranscript && !line.startsWith("$ ")) return [];
  const text = line.replace(/^\$ /, "").replace(/(^|\s)#.*$/, "");
  return text
    .split(/\s*(?:&&|\|\|?|;)\s*/)
    .map((command) => command.trim().replace(/^(?:[A-Z_]+=\S*\s+)+/, ""))
    .filter(Boolean);
}

function exists([program = "", ...args]: readonly string[]): boolean {
  if (program === "npm") return existsForNpm(args);
  if (program === "npx") return existsForNpx(args);
  return known.has(program) || existsSync(join(root, program));
}

function existsForNpm([verb = "", ...args]: readonly string[]): boolean {
  if (verb === "ci") return true;
  if (verb === "test") return "test" in scripts();
  if (verb === "run") return (args[0] ?? "") in (args[1] === "-w" ? scriptsOf(args[2]) : scripts());
  if (verb === "install" || verb === "i") return args.filter((arg) => !arg.startsWith("-")).every(isPackage);
  return false;
}

function scriptsOf(workspace = ""): object {
  return isPackage(workspace) ? ((manifestOf(workspace) as { scripts?: object }).scripts ?? {}) : {};
}

/** An unscoped name would fetch a stranger's package where ours is not installed. */
function existsForNpx(args: readonly string[]): boolean {
  const name = args.find((arg) => !arg.startsWith("-")) ?? "";
  return isPackage(name) && "bin" in manifestOf(name);
}

function isPackage(name: string): boolean {
  return existsSync(join(root, "node_modules", bareName(name), "package.json"));
}

function bareName(name: string): string {
  return name.replace(/(?<=.)@[^/]*$/, "");
}

function manifestOf(name: string): object {
  return JSON.parse(
    readFileSync(join(root, "node_modules", bareName(name), "package.json"), "utf8"),
  ) as object;
}

function scripts(): object {
  return (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object }).scripts;
}
