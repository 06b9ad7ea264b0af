import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below what Linux (32768) and macOS (49152) give to outgoing connections, above the last port that fetch refuses. */
const LOWEST = 12_000;
const HIGHEST = 32_000;

/**
 * A TCP port of loopback that is free at this moment, and that no outgoing connection can take before the program
 * that is to have it listens there. `apart`: so is the port that many above it.
 */
export async function freePort(apart = 0): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST - apart);
    if ((await isFree(port)) && (apart === 0 || (await isFree(port + apart)))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const begun = new Promise<boolean>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (!(await begun)) return false;
  server.close();
  await once(server, "close");
  return true;
}

/** Ask `ready` again and again until it answers true; rejects after `timeoutMs` with `what`. */
export async function waitUntil(
  what: string,
  ready: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await ready())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
