import { BackendError } from "@unstick/session";
import { type RedisServer, startRedis, waitUntil } from "@unstick/testbed";
import { type FaultProxy, startFaultProxy } from "@unstick/testbed/fault-proxy";
import { describe, expect, test } from "vitest";
import { redisBackend } from "../src/index.ts";
import { type ResilientClient, resilientClients } from "./resilient-clients.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000 };
const DEADLINE_MS = 250;

/** Something that breaks, and how it is mended; `rejects`: no call can succeed meanwhile. */
interface Fault {
  readonly name: string;
  readonly rejects: boolean;
  break(stage: Stage): void | Promise<void>;
  mend(stage: Stage): void | Promise<void>;
}

interface Stage {
  readonly server: RedisServer;
  readonly proxy: FaultProxy;
}

const faults: readonly Fault[] = [
  {
    name: "the server hangs",
    rejects: true,
    break: ({ server }) => server.pause(),
    mend: ({ server }) => server.resume(),
  },
  {
    name: "the server is killed",
    rejects: true,
    break: ({ server }) => server.kill(),
    mend: ({ server }) => server.restart(),
  },
  {
    name: "replies are lost",
    rejects: true,
    break: ({ proxy }) => proxy.set({ dropReplies: true }),
    mend: heal,
  },
  {
    name: "requests are lost",
    rejects: true,
    break: ({ proxy }) => proxy.set({ dropRequests: true }),
    mend: heal,
  },
  {
    name: "replies are garbage",
    rejects: false,
    break: ({ proxy }) => proxy.set({ garbage: true }),
    mend: heal,
  },
  { name: "replies are cut", rejects: false, break: ({ proxy }) => proxy.set({ cut: true }), mend: heal },
  { name: "connections are reset", rejects: false, break: ({ proxy }) => proxy.reset(), mend: heal },
  {
    name: "the network is slower than the deadline",
    rejects: true,
    break: ({ proxy }) => proxy.set({ delayMs: 400 }),
    mend: heal,
  },
];

/** After a fault of the stream a client may wait for replies that never come, until it is reset. */
function heal({ proxy }: Stage): void {
  proxy.set({});
  proxy.reset();
}

describe.concurrent.each(resilientClients)("$name", (family) => {
  test.each(faults)(
    "$name: every call ends as a value or a typed error, and then it works again",
    async (fault) => {
      await onStage(family, async (stage, backend) => {
        await fault.break(stage);
        const outcomes = await callEveryVerb(backend);
        expect(
          outcomes.filter((outcome) => outcome instanceof Error && !(outcome instanceof BackendError)),
        ).toEqual([]);
        if (fault.rejects) expect(outcomes.filter((outcome) => !(outcome instanceof Error))).toEqual([]);
        await fault.mend(stage);
        await waitUntil("it works again", () => works(backend));
      });
    },
  );

  test("a half-open connection: calls end, and it heals by itself", async () => {
    await onStage(family, async ({ proxy }, backend) => {
      proxy.blackHole();
      for (const outcome of await callEveryVerb(backend)) expect(outcome).toBeInstanceOf(BackendError);
      if (family.staysHalfOpen !== true) await waitUntil("it works again", () => works(backend));
    });
  });
});

async function onStage(
  family: ResilientClient,
  body: (stage: Stage, backend: ReturnType<typeof redisBackend>) => Promise<void>,
): Promise<void> {
  const server = await startRedis();
  const proxy = await startFaultProxy(server.port);
  const { client, close } = await family.open(proxy.port);
  const backend = redisBackend(client, { deadlineMs: DEADLINE_MS });
  try {
    await waitUntil("it works at first", () => works(backend));
    await body({ server, proxy }, backend);
  } finally {
    await close().catch(() => {});
    await proxy.stop();
    await server.stop();
  }
}

async function callEveryVerb(backend: ReturnType<typeof redisBackend>): Promise<unknown[]> {
  const key = sessionKey("fault");
  const calls: Promise<unknown>[] = [
    backend.read(key),
    backend.create(key, new Map([["n", "1"]]), LONG),
    backend.update(key, { add: new Map([["n", 1]]) }, LONG, { writer: "w", sequence: 1 }),
    backend.touch(key, LONG),
    backend.rename(key, sessionKey("other"), {}, LONG, 1_000),
    backend.destroy(key, 1_000),
    backend.destroyAll(1_000),
    backend.sessionKeys()[Symbol.asyncIterator]().next(),
    backend.linkPrincipal(key, key, "note", LONG),
    backend.unlinkPrincipal(key, key),
    backend.principalSessions(key),
  ];
  const settled = await Promise.allSettled(calls);
  return settled.map((result) => (result.status === "fulfilled" ? result.value : result.reason));
}

function works(backend: ReturnType<typeof redisBackend>): Promise<boolean> {
  return backend.read(sessionKey("works")).then(
    (session) => session === null,
    () => false,
  );
}
