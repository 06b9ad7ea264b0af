import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmdbState } from "@unstick/lmdb";
import { redisState } from "@unstick/redis";
import { memoryState, type SharedState } from "@unstick/session";
import { startRedis } from "@unstick/testbed";
import { Redis } from "ioredis";

export interface OpenState {
  readonly state: SharedState;
  close(): Promise<void>;
}

/** Every SharedState that we ship, each on the real thing. */
export const stateKinds: readonly (readonly [name: string, open: () => Promise<OpenState>])[] = [
  ["memory", openMemory],
  ["LMDB", openLmdb],
  ["Redis", openRedis],
];

async function openMemory(): Promise<OpenState> {
  const state = memoryState();
  return { state, close: async () => state.close?.() };
}

async function openLmdb(): Promise<OpenState> {
  const folder = mkdtempSync(join(tmpdir(), "unstick-saml-"));
  const state = lmdbState({ path: join(folder, "state.mdb") });
  const close = async (): Promise<void> => {
    await state.close?.();
    rmSync(folder, { recursive: true, force: true });
  };
  return { state, close };
}

async function openRedis(): Promise<OpenState> {
  const server = await startRedis();
  const client = new Redis(server.url);
  const close = async (): Promise<void> => {
    client.disconnect();
    await server.stop();
  };
  return { state: redisState(client, { deadlineMs: 10_000 }), close };
}
