import { rmSync } from "node:fs";
import { inspect } from "node:util";
import { BackendError } from "@unstick/session";
import { type RedisServer, startRedis, waitUntil } from "@unstick/testbed";
import { redisCommand } from "@unstick/testbed/redis-command";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { backendFailure } from "../src/failure.ts";
import { redisBackend, redisState } from "../src/index.ts";
import { families } from "./client-families.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000 };
const key = sessionKey("a");

/** A server that answers with an error, why, and how that is mended. */
interface Refusal {
  readonly word: string;
  readonly reads: "work" | "fail";
  refuse(server: RedisServer): Promise<unknown>;
  mend(server: RedisServer): Promise<unknown>;
}

const config =
  (...words: string[]) =>
  (server: RedisServer) =>
    redisCommand(server.port, "CONFIG", "SET", ...words);

const refusals: readonly Refusal[] = [
  { word: "OOM", reads: "work", refuse: config("maxmemory", "1"), mend: config("maxmemory", "0") },
  {
    word: "NOREPLICAS",
    reads: "work",
    refuse: config("min-replicas-to-write", "1"),
    mend: config("min-replicas-to-write", "0"),
  },
  {
    word: "READONLY",
    reads: "work",
    refuse: ({ port }) => redisCommand(port, "REPLICAOF", "127.0.0.1", 1),
    mend: ({ port }) => redisCommand(port, "REPLICAOF", "NO", "ONE"),
  },
  {
    word: "NOPERM",
    reads: "fail",
    refuse: ({ port }) => redisCommand(port, "ACL", "SETUSER", "default", "-evalsha", "-hset"),
    mend: ({ port }) => redisCommand(port, "ACL", "SETUSER", "default", "+@all"),
  },
  { word: "BUSY", reads: "fail", refuse: keepBusy, mend: ({ port }) => redisCommand(port, "SCRIPT", "KILL") },
  { word: "MISCONF", reads: "work", refuse: failToSave, mend: config("stop-writes-on-bgsave-error", "no") },
];

describe.concurrent.each(families.filter(({ name }) => /ioredis 5|node-redis 6$|glide/.test(name)))(
  "$name",
  (family) => {
    test.concurrent.each(refusals)("$word", async ({ word, reads, refuse, mend }) => {
      const server = await startRedis();
      const open = await family.standalone(server.port);
      const backend = redisBackend(open.client, { deadlineMs: 5_000 });
      try {
        expect(await backend.create(key, new Map([["n", "1"]]), LONG)).toBe("ok");
        await refuse(server);
        const write = backend.update(key, { set: new Map([["n", "2"]]) }, LONG);
        await expect(write).rejects.toThrow(BackendError);
        await expect(write).rejects.toThrow(`(${word}`);
        const read = backend.read(key);
        if (reads === "fail") await expect(read).rejects.toThrow(`(${word}`);
        else expect((await read)?.attributes.get("n")).toBe("1");
        await mend(server);
        await waitUntil("writes work again", () => isWritten(backend.update(key, {}, LONG)));
        expect((await backend.read(key))?.attributes).toEqual(new Map([["n", "1"]]));
      } finally {
        await open.close();
        await server.stop();
      }
    });

    test.concurrent("OOM: a logout works, tombstone and all", async () => {
      const server = await startRedis();
      const open = await family.standalone(server.port);
      const backend = redisBackend(open.client, { deadlineMs: 5_000 });
      try {
        await backend.create(key, new Map([["n", "1"]]), LONG);
        await config("maxmemory", "1")(server);
        expect(await backend.destroy(key, 60_000)).toEqual({ outcome: "ok" });
        await config("maxmemory", "0")(server);
        expect(await backend.create(key, new Map(), LONG)).toBe("gone");
      } finally {
        await open.close();
        await server.stop();
      }
    });

    test.concurrent("a command that the server lacks is named, and nothing that was sent with it", async () => {
      const server = await startRedis(["--rename-command", "GETDEL", "", "--rename-command", "HGETALL", ""]);
      const open = await family.standalone(server.port);
      try {
        const patient = { deadlineMs: 5_000 };
        const calls = [
          redisState(open.client, patient).remove("secret"),
          redisBackend(open.client, patient).read(key),
        ];
        for (const call of await Promise.allSettled(calls)) {
          const error: Error | undefined = call.status === "rejected" ? call.reason : undefined;
          expect(error).toBeInstanceOf(BackendError);
          expect(error?.message).toMatch(/lacks a command .*6\.2/);
          expect(inspect(error)).not.toMatch(`secret|${key}`);
        }
      } finally {
        await open.close();
        await server.stop();
      }
    });

    test.concurrent("NOSCRIPT: the scripts are loaded anew and no one notices", async () => {
      const server = await startRedis();
      const open = await family.standalone(server.port);
      const backend = redisBackend(open.client, { deadlineMs: 5_000 });
      try {
        await backend.create(key, new Map([["n", "0"]]), LONG);
        const adds = Array.from({ length: 3_000 }, (_, at) =>
          backend.update(key, { add: new Map([["n", 1]]) }, LONG, { writer: "w", sequence: at + 1 }),
        );
        let isDone = false;
        const flushing = (async () => {
          while (!isDone) await redisCommand(server.port, "SCRIPT", "FLUSH");
        })();
        await Promise.all(adds);
        isDone = true;
        await flushing;
        expect((await backend.read(key))?.attributes.get("n")).toBe("3000");
      } finally {
        await open.close();
        await server.stop();
      }
    });
  },
);

/** As Redis 6.2.16 answers: where in the script it was comes before the command's own error. */
test.each(["OOM", "READONLY", "NOREPLICAS", "MISCONF"])("%s within a script, as told before 7.0", (word) => {
  const told = `Error running script (call to f_0837acc6): @user_script:50: @user_script: 50: -${word} no more`;
  for (const from of ["ERR ", "An error was signalled by the server: - ResponseError: "]) {
    expect(backendFailure("redis", "update", new Error(from + told)).message).toContain(`(${word}`);
  }
});

test("LOADING: calls end with a typed error, and work when the data is there", async () => {
  // As Redis's own test suite does: a delay for each key (in µs). The server looks at its sockets every 2 MB.
  const slow = ["--key-load-delay", "50000"];
  const server = await startRedis(["--dbfilename", "dump.rdb", "--rdbcompression", "no", ...slow]);
  for (let at = 0; at < 24; at += 1) await redisCommand(server.port, "SET", `k${at}`, "v".repeat(2_100_000));
  await redisCommand(server.port, "SAVE");
  // With its ready check ioredis waits instead, and the calls end with their deadline.
  const client = new Redis(server.port, server.host, { enableReadyCheck: false, retryStrategy: () => 50 });
  client.on("error", () => {});
  const backend = redisBackend(client, { deadlineMs: 500 });
  try {
    await server.restart();
    await waitUntil("LOADING", async () =>
      backend.read(key).then(
        () => false,
        (error: Error) => error instanceof BackendError && error.message.includes("(LOADING)"),
      ),
    );
    await waitUntil("reads work", () => isWritten(backend.read(key)));
  } finally {
    client.disconnect();
    await server.stop();
  }
});

async function keepBusy({ port }: RedisServer): Promise<void> {
  await redisCommand(port, "CONFIG", "SET", "lua-time-limit", 20);
  void redisCommand(port, "EVAL", "while true do end", 0).catch(() => {});
  await waitUntil("the server is busy", async () => (await redisCommand(port, "PING")).includes("BUSY"));
}

/** Its folder is gone, so saving fails, and a server that is told to save refuses writes from then on. */
async function failToSave({ port, folder }: RedisServer): Promise<void> {
  rmSync(folder, { recursive: true });
  await redisCommand(port, "CONFIG", "SET", "save", "3600 1");
  await redisCommand(port, "BGSAVE");
  await waitUntil("a save has failed", async () =>
    (await redisCommand(port, "INFO", "persistence")).includes("rdb_last_bgsave_status:err"),
  );
}

function isWritten(write: Promise<unknown>): Promise<boolean> {
  return write.then(
    () => true,
    () => false,
  );
}
