import { setTimeout as sleep } from "node:timers/promises";
import { DemoError } from "./errors.ts";

/** Ask again and again until it is so. */
export async function waitUntil(what: string, isSo: () => boolean, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!isSo()) {
    if (Date.now() > deadline) throw new DemoError(`waited ${timeoutMs / 1_000} s in vain: ${what}`);
    await sleep(20);
  }
}
