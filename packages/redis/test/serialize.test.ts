import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type RedisServer, startRedis } from "@unstick/testbed";
import { afterAll, beforeAll, expect, it } from "vitest";

const LEASE_MS = 3_000;
const program = fileURLToPath(new URL("serialize-holder.ts", import.meta.url));
let redis: RedisServer;
const children: ChildProcess[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await redis.stop();
});

async function startInstance(): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(program, [JSON.stringify({ url: redis.url, leaseMs: LEASE_MS })], {
    execArgv: ["--import", import.meta.resolve("tsx")],
  });
  children.push(child);
  const [port] = await once(child, "message");
  return { child, url: `http://127.0.0.1:${String(port)}` };
}

it("a session whose holder was killed is served by another instance after the lease, others at once", async () => {
  const [dying, living] = [await startInstance(), await startInstance()];
  const first = await fetch(`${living.url}/`);
  const cookie = first.headers.get("set-cookie")?.split(";")[0] ?? "";
  const lost = fetch(`${dying.url}/hang`, { headers: { cookie } }).catch(() => "lost");
  await once(dying.child, "message");
  dying.child.kill("SIGKILL");
  expect(await lost).toBe("lost");

  const begin = performance.now();
  const waiting = fetch(`${living.url}/`, { headers: { cookie } });
  let isServed = false;
  void waiting.then(() => {
    isServed = true;
  });
  // Strangers, and their second requests too, do not wait behind it.
  const stranger = await fetch(`${living.url}/`);
  const other = stranger.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect(await (await fetch(`${living.url}/`, { headers: { cookie: other } })).text()).toBe("2");
  expect(isServed).toBe(false);
  // What the killed one had not stored is not there, and its lease was waited for.
  expect(await (await waiting).text()).toBe("2");
  expect(performance.now() - begin).toBeGreaterThanOrEqual(LEASE_MS);
});
