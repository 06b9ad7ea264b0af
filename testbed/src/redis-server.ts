import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch, type RunningProgram } from "./launch.ts";
import { freePort, waitUntil } from "./ports.ts";
import { programs } from "./programs.ts";

/** A real redis-server (or valkey-server) of our own on loopback, in a folder of its own. */
export interface RedisServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  readonly folder: string;
  /** SIGKILL: nothing is flushed. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
  /** Start it again on the same port and folder, after {@link kill}. */
  restart(): Promise<void>;
  /** End the process and remove its folder. */
  stop(): Promise<void>;
}

/** Start a server with `args` as on its command line; by default it keeps nothing on disk, on a free port. */
export async function startRedis(args: readonly string[] = [], givenPort?: number): Promise<RedisServer> {
  const port = givenPort ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), "unstick-redis-"));
  let child = await spawnRedis(port, folder, args);
  const kill = async (): Promise<void> => {
    if (child.hasEnded) return;
    child.signal("SIGKILL");
    await child.ended;
  };
  return {
    host: "127.0.0.1",
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    folder,
    kill,
    pause: () => child.signal("SIGSTOP"),
    resume: () => child.signal("SIGCONT"),
    restart: async () => {
      await kill();
      child = await spawnRedis(port, folder, args);
    },
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function spawnRedis(port: number, folder: string, args: readonly string[]): Promise<RunningProgram> {
  const own = [
    "--port",
    `${port}`,
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--save",
    "",
    "--daemonize",
    "no",
  ];
  const child = await launch(programs.redis, [...own, ...args], folder);
  await waitUntil("redis-server answers PING", async () => {
    if (child.hasEnded) throw new Error(`redis-server ended at start:\n${child.said()}`);
    return ping(port);
  });
  return child;
}

/** Any answer to PING counts, an error of one that wants a password included. */
function ping(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", () => settle(true));
    socket.once("error", () => settle(false));
    socket.setTimeout(1_000, () => settle(false));
  });
}
