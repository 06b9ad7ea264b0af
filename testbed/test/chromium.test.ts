import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startChromium } from "@unstick/testbed";
import { expect, test } from "vitest";

test("Chromium starts without cookies, and names under .test lead here", async () => {
  const server = createServer((request, response) => {
    response.setHeader("set-cookie", "seen=1").end(`host ${request.headers.host}, ${request.headers.cookie}`);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const browser = await startChromium();
  for (const _ of [1, 2]) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`http://sp.test:${port}/`);
    expect(await page.textContent("body")).toBe(`host sp.test:${port}, undefined`);
    await page.reload();
    expect(await page.textContent("body")).toBe(`host sp.test:${port}, seen=1`);
  }
  await browser.close();
  server.close();
});
