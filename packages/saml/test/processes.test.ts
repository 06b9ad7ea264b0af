import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileProgram } from "@unstick/testbed/compile-program";
import type { IdentityProvider } from "@unstick/testbed/identity-provider";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Order } from "./instance.ts";
import { startIdentityProvider } from "./service-provider.ts";

const program = compileProgram(new URL("instance.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "unstick-saml-"));
let idp: IdentityProvider;
let instances: readonly [ChildProcess, ChildProcess, ChildProcess];

async function ask(instance: ChildProcess, order: Order): Promise<string> {
  const answer = once(instance, "message");
  instance.send(order);
  return String((await answer)[0]);
}

async function start(): Promise<ChildProcess> {
  const instance = fork(program, { execArgv: [] });
  const order = { verb: "open", text: join(folder, "state.mdb"), certificate: idp.certificate } as const;
  expect(await ask(instance, order)).toBe("open");
  return instance;
}

async function answerTo(instance: ChildProcess): Promise<string> {
  const url = new URL(await ask(instance, { verb: "begin", text: "" }));
  const requestId = await idp.readRequest(Object.fromEntries(url.searchParams));
  return idp.answer({ requestId, nameId: "ada@example.org" });
}

beforeAll(async () => {
  idp = await startIdentityProvider();
  instances = await Promise.all([start(), start(), start()]);
});
afterAll(() => {
  for (const instance of instances) instance.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

test("a login that began in one process ends in another, and not in a third", async () => {
  const [a, b, c] = instances;
  const answer = await answerTo(a);
  expect(await ask(b, { verb: "present", text: answer })).toBe("accepted ada@example.org");
  expect(await ask(c, { verb: "present", text: answer })).toBe("InResponseTo is not valid");
});

test("one answer posted to three processes at once is accepted by one of them, 30 times out of 30", async () => {
  for (let round = 0; round < 30; round += 1) {
    const answer = await answerTo(instances[0]);
    const said = await Promise.all(
      instances.map((instance) => ask(instance, { verb: "present", text: answer })),
    );
    expect(said.filter((one) => one === "accepted ada@example.org")).toHaveLength(1);
  }
});

test("a login whose process was killed ends in another", async () => {
  const victim = await start();
  const answer = await answerTo(victim);
  victim.kill("SIGKILL");
  await once(victim, "exit");
  expect(await ask(instances[1], { verb: "present", text: answer })).toBe("accepted ada@example.org");
});
