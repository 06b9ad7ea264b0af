import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { freePort, waitUntil } from "@unstick/testbed";
import { describe, expect, test, vi } from "vitest";
import { childrenOf, isRunning, openDemo, readScene, runDemo } from "./demo-process.ts";

// Each run starts three processes and more; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000 });

const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("unstick-demo-"));

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    server.close();
    return true;
  } catch {
    return false;
  }
}

describe("a run leaves nothing behind", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("%s stops every process and frees every port", async (signal) => {
    const [page, alb, idp] = [await freePort(), await freePort(), await freePort()];
    const demo = await openDemo(["--lmdb", `--port=${page}`, `--alb-port=${alb}`, `--idp-port=${idp}`]);
    const { instances } = await readScene(demo.url);
    expect(instances.map(({ health }) => health)).toEqual(["healthy", "healthy", "healthy"]);
    const own = folders().filter((name) => name.startsWith(`unstick-demo-${demo.child.pid}-`));
    expect(own).toHaveLength(1);

    demo.child.kill(signal);
    expect(await demo.ended).toBe(signal === "SIGINT" ? 130 : 143);
    expect(instances.filter(({ pid }) => isRunning(pid))).toEqual([]);
    expect(await Promise.all([page, alb, idp].map(isFree))).toEqual([true, true, true]);
    expect(folders()).not.toContain(own[0]);
  });

  test("SIGINT while the instances are starting stops those too", async () => {
    const demo = runDemo(["--no-open", "--lmdb"]);
    await waitUntil("three processes are starting", () => childrenOf(demo.child.pid).length >= 3, 60_000);
    const children = childrenOf(demo.child.pid);
    demo.child.kill("SIGINT");
    expect(await demo.ended).toBe(130);
    expect(demo.stderr()).toBe("");
    await waitUntil("they have ended", () => !children.some(isRunning));
    expect(folders().filter((name) => name.startsWith(`unstick-demo-${demo.child.pid}-`))).toEqual([]);
  });

  test("when the demo itself is killed its instances end, and the next run removes its folder", async () => {
    const demo = await openDemo(["--lmdb"]);
    const { instances } = await readScene(demo.url);
    demo.child.kill("SIGKILL");
    await demo.ended;
    await waitUntil("all instances have ended", () => instances.every(({ pid }) => !isRunning(pid)));

    const next = await openDemo(["--lmdb"]);
    expect(folders().filter((name) => name.startsWith(`unstick-demo-${demo.child.pid}-`))).toEqual([]);
    next.child.kill("SIGINT");
    await next.ended;
  });
});

describe("a busy port is a sentence", () => {
  test.each(["port", "alb-port", "idp-port"])("--%s", async (option) => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const { port } = squatter.address() as { port: number };
    const demo = runDemo(["--no-open", "--lmdb", `--${option}=${port}`]);
    expect(await demo.ended).toBe(1);
    squatter.close();
    expect(demo.stderr()).toMatch(
      new RegExp(`port ${port} .*busy|port ${port}\\b.*in use|port ${port} `, "i"),
    );
    expect(demo.stderr().trim().split("\n")).toHaveLength(1);
    expect(demo.stderr()).not.toContain("    at ");
  });
});

test("a Redis that is not there is a sentence that names the option, not the password", async () => {
  const url = `redis://:hunter2@127.0.0.1:${await freePort()}`;
  for (const [from, args, env] of [
    ["--redis", ["--headless", "--redis", url], {}],
    ["REDIS_URL", ["--headless"], { REDIS_URL: url }],
  ] as const) {
    const demo = runDemo(args, env);
    expect(await demo.ended).toBe(1);
    expect(demo.stderr()).toMatch(
      new RegExp(`^${from}: no Redis answers at 127\\.0\\.0\\.1:\\d+: .*ECONNREFUSED`),
    );
    expect(demo.stderr()).not.toContain("hunter2");
  }
});
