import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Without `paths`: the packages as built, which start quicker in so many processes. */
const asBuilt = fileURLToPath(new URL("../bench/proof/tsconfig.json", import.meta.url));

/** Run one of the programs in `bench/` to its end. */
export async function runProof(
  program: "proof.ts" | "proof-saml.ts",
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const path = fileURLToPath(new URL(`../bench/${program}`, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", path, ...args], {
    env: { ...process.env, TSX_TSCONFIG_PATH: asBuilt },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on("data", (chunk) => stdout.push(String(chunk)));
  child.stderr.on("data", (chunk) => stderr.push(String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout: stdout.join(""), stderr: stderr.join("") };
}
