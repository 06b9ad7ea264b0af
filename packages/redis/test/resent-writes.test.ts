import { setTimeout as sleep } from "node:timers/promises";
import { startRedis } from "@unstick/testbed";
import { type FaultProxy, startFaultProxy } from "@unstick/testbed/fault-proxy";
import { describe, expect, test } from "vitest";
import { redisBackend } from "../src/index.ts";
import { resilientClients } from "./resilient-clients.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000 };
const ROUNDS = 64;
const AT_ONCE = 32;
const key = sessionKey("counter");

/** Clients resend what they have no reply to, and callers try again: each write counts once all the same. */
describe.concurrent.each(resilientClients)("$name", (family) => {
  test(`${ROUNDS * AT_ONCE} adds through a network that loses replies: none lost, none applied twice`, async () => {
    const server = await startRedis();
    const proxy = await startFaultProxy(server.port);
    const { client, close } = await family.open(proxy.port);
    const backend = redisBackend(client, { deadlineMs: 200 });
    let sequence = 0;
    let unsettled = 0;
    const addOnce = async (): Promise<void> => {
      sequence += 1;
      const token = { writer: "writer", sequence };
      for (let isApplied = false; !isApplied; ) {
        unsettled += 1;
        isApplied = await backend.update(key, { add: new Map([["n", 1]]) }, LONG, token).then(
          ({ outcome }) => outcome === "ok",
          () => false,
        );
        unsettled -= 1;
      }
    };
    try {
      while ((await backend.create(key, new Map([["n", "0"]]), LONG).catch(() => "failed")) === "failed");
      for (let round = 0; round < ROUNDS; round += 1) {
        const adds = Array.from({ length: AT_ONCE }, addOnce);
        await breakOnce(proxy, round);
        await Promise.all(adds);
      }
      expect(unsettled).toBe(0);
      const direct = await family.open(server.port);
      const stored = await redisBackend(direct.client, { deadlineMs: 5_000 }).read(key);
      await direct.close();
      expect(stored?.attributes.get("n")).toBe(String(ROUNDS * AT_ONCE));
    } finally {
      await close().catch(() => {});
      await proxy.stop();
      await server.stop();
    }
  }, 90_000);
});

/** Once some requests are on their way, replies vanish, or one is cut; and then the connection breaks. */
async function breakOnce(proxy: FaultProxy, round: number): Promise<void> {
  await sleep(Math.random() * 3);
  proxy.set(round % 3 === 0 ? { cut: true } : { dropReplies: true });
  await sleep(2);
  proxy.set({});
  proxy.reset();
}
