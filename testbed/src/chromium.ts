import type { Browser } from "playwright-core";
import { programs, requireProgram } from "./programs.ts";

/** What Chromium needs in a container as root, without a display and without a network beyond this machine. */
const flags: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/**
 * Debian's Chromium with a fresh profile; `browser.newContext()` gives a browser without cookies. Every name under
 * `.test` leads to this machine, so that servers can live on different sites.
 */
export async function startChromium(args: readonly string[] = []): Promise<Browser> {
  // Loaded only here: most tests import the testbed and need no browser.
  const { chromium } = await import("playwright-core");
  return chromium.launch({
    executablePath: requireProgram(programs.chromium),
    headless: true,
    chromiumSandbox: false,
    args: [...flags, "--host-resolver-rules=MAP *.test 127.0.0.1", ...args],
  });
}
