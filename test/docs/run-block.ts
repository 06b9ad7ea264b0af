import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const stage = pathToFileURL(fileURLToPath(new URL("stage.ts", import.meta.url))).href;

/**
 * Run a file to its end, which must be a good one; or until it listens, and then its front page must answer with
 * anything better than a server error. Rejects with what it said.
 */
export async function runBlock(file: string, redisPort: number): Promise<void> {
  const { VITEST: _vitest, NODE_OPTIONS: _options, ...inherited } = process.env;
  const child = spawn(process.execPath, ["--import", tsx, "--import", stage, file], {
    cwd: dirname(file),
    env: { ...inherited, STAGE_REDIS_PORT: `${redisPort}`, REDIS_URL: `redis://127.0.0.1:${redisPort}` },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    timeout: 20_000,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => {
      said += chunk;
    });
  const closed = once(child, "close") as Promise<[number | null, string | null]>;
  const port = await Promise.race([portOf(child), closed.then(() => undefined)]);
  const fault = port === undefined ? faultOfEnd(await closed) : await faultOfFrontPage(port);
  child.kill("SIGKILL");
  await closed;
  if (fault !== undefined) throw new Error(`${fault}\n${said}`);
}

async function portOf(child: ChildProcess): Promise<number> {
  const [address] = (await once(child, "message")) as [AddressInfo];
  return address.port;
}

function faultOfEnd([code, signal]: [number | null, string | null]): string | undefined {
  return code === 0 ? undefined : `ended with ${signal ?? code}`;
}

async function faultOfFrontPage(port: number): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual" });
  return response.status < 500 ? undefined : `GET / answered ${response.status}: ${await response.text()}`;
}
