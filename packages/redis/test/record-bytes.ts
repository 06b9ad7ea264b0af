import { startRedis } from "@unstick/testbed";
import { RedisStore } from "connect-redis";
import { createClient } from "redis";
import { redisBackend } from "../src/index.ts";
import { sessionKey } from "./session-key.ts";

export interface BytesOfShape {
  readonly shape: string;
  readonly ours: number;
  readonly connectRedis: number;
}

const shapes: readonly (readonly [count: number, bytes: number])[] = [
  [16, 48],
  [4, 16],
  [8, 200],
  [4, 1_000],
  [1, 10_000],
];

/** What `MEMORY USAGE` says of the same sessions stored by this package and by connect-redis. */
export async function measureBytes(): Promise<readonly BytesOfShape[]> {
  const server = await startRedis();
  const client = createClient({ url: server.url });
  client.on("error", () => {});
  await client.connect();
  const backend = redisBackend(client);
  const peer = new RedisStore({ client, prefix: "peer:" });
  const usage = async (key: string): Promise<number> =>
    Number(await client.sendCommand(["MEMORY", "USAGE", key, "SAMPLES", "0"]));
  const measured: BytesOfShape[] = [];
  for (const [count, bytes] of shapes) {
    const shape = `${count} x ${bytes} B`;
    const names = Array.from({ length: count }, (_, at) => `name${at}`);
    const value = "v".repeat(bytes);
    const cookie = {
      originalMaxAge: 3_600_000,
      expires: new Date(Date.now() + 3_600_000),
      httpOnly: true,
      path: "/",
    };
    const key = sessionKey(shape);
    const attributes = new Map(names.map((name) => [name, JSON.stringify(value)]));
    attributes.set("cookie", JSON.stringify({ maxAge: cookie.originalMaxAge, httpOnly: true, path: "/" }));
    await backend.create(key, attributes, { idleMs: 3_600_000 });
    const session = { cookie, ...Object.fromEntries(names.map((name) => [name, value])) };
    // An id of express-session has 32 characters, and connect-redis puts it into the key as it is.
    const id = key.slice(0, 32);
    await new Promise<void>((resolve) => peer.set(id, session as never, () => resolve()));
    measured.push({ shape, ours: await usage(`sess:${key}`), connectRedis: await usage(`peer:${id}`) });
  }
  client.destroy();
  await server.stop();
  return measured;
}
