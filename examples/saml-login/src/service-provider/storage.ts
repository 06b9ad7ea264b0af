import type { SessionBackend } from "@unstick/saml";
import { type Backend, memoryBackend, memoryState, type SharedState } from "@unstick/session";
import type { StateLocation } from "../fleet/messages.ts";

/** Where an instance keeps what it must remember between two requests: all that differs between the modes. */
export interface Storage {
  /** Logins on their way. */
  readonly logins: SharedState;
  readonly sessions: Backend & SessionBackend;
  close(): Promise<void>;
}

/** What every tutorial begins with: all of it in this process. */
export function localStorage(): Storage {
  return { logins: memoryState(), sessions: memoryBackend(), close: async () => {} };
}

/** The same for all instances: logins and sessions in one place. */
export function openSharedStorage(location: StateLocation): Promise<Storage> {
  return location.kind === "lmdb" ? openLmdb(location.path) : openRedis(location);
}

async function openLmdb(path: string): Promise<Storage> {
  const { lmdbBackend, lmdbState } = await import("@unstick/lmdb");
  const [logins, sessions] = [lmdbState({ path }), lmdbBackend({ path })];
  const close = async (): Promise<void> => {
    await sessions.close?.();
    await logins.close?.();
  };
  return { logins, sessions, close };
}

async function openRedis({ url, prefix }: StateLocation & { kind: "redis" }): Promise<Storage> {
  const { redisBackend, redisState } = await import("@unstick/redis");
  const { Redis } = await import("ioredis");
  const client = new Redis(url, { lazyConnect: true });
  await client.connect();
  // A laptop that starts three processes at once may stall for longer than production should wait.
  const deadlineMs = 10_000;
  return {
    logins: redisState(client, { prefix: `${prefix}state:`, deadlineMs }),
    sessions: redisBackend(client, { prefix: `${prefix}session:`, deadlineMs }),
    close: async () => void (await client.quit()),
  };
}
