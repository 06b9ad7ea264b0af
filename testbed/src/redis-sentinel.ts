import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch, type RunningProgram } from "./launch.ts";
import { freePort, waitUntil } from "./ports.ts";
import { programs } from "./programs.ts";
import { redisCommand } from "./redis-command.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";

/** A master with a replica, and three sentinels that watch them. */
export interface RedisSentinel {
  /** The name the sentinels know the master by. */
  readonly name: "unstick";
  readonly sentinels: readonly { readonly host: "127.0.0.1"; readonly port: number }[];
  /** The server that was started as master; after a failover it is the replica. */
  readonly master: RedisServer;
  readonly replica: RedisServer;
  stop(): Promise<void>;
}

/** Start them; the sentinels take a master for down after `downAfterMs` of silence. */
export async function startRedisSentinel(downAfterMs = 1_000): Promise<RedisSentinel> {
  const master = await startRedis(["--repl-diskless-sync-delay", "0"]);
  const replica = await startRedis(["--replicaof", "127.0.0.1", `${master.port}`]);
  await waitUntil("the replica follows", async () =>
    (await redisCommand(replica.port, "INFO", "replication")).includes("master_link_status:up"),
  );
  const folder = mkdtempSync(join(tmpdir(), "unstick-sentinel-"));
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(folder, master.port, downAfterMs)));
  await waitUntil("the sentinels know each other and the replica", async () => {
    const views = await Promise.all(sentinels.map(({ port }) => redisCommand(port, "INFO", "sentinel")));
    return views.every((view) => view.includes("status=ok") && /slaves=1,sentinels=3/.test(view));
  });
  return {
    name: "unstick",
    sentinels: sentinels.map(({ port }) => ({ host: "127.0.0.1", port })),
    master,
    replica,
    stop: async () => {
      for (const { program } of sentinels) program.signal("SIGKILL");
      await Promise.all(sentinels.map(({ program }) => program.ended));
      await Promise.all([master.stop(), replica.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startSentinel(
  folder: string,
  masterPort: number,
  downAfterMs: number,
): Promise<{ readonly port: number; readonly program: RunningProgram }> {
  const port = await freePort();
  const file = join(folder, `${port}.conf`);
  const settings = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor unstick 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds unstick ${downAfterMs}`,
    "sentinel failover-timeout unstick 5000",
  ];
  writeFileSync(file, `${settings.join("\n")}\n`);
  const program = await launch(programs.redis, [file, "--sentinel"], folder);
  await waitUntil("the sentinel answers", async () => {
    if (program.hasEnded) throw new Error(`the sentinel ended at start:\n${program.said()}`);
    return redisCommand(port, "PING").then(
      (reply) => reply.includes("PONG"),
      () => false,
    );
  });
  return { port, program };
}
