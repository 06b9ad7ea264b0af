import { subscribe } from "node:diagnostics_channel";
import { startRedis, waitUntil } from "@unstick/testbed";
import { createClient } from "redis";
import { redisBackend } from "../src/index.ts";
import { sessionKey } from "./session-key.ts";

// A process of its own, since what it shows is that the process survives.
const server = await startRedis();
const client = createClient({ socket: { host: server.host, port: server.port, reconnectStrategy: 50 } });
await client.connect();

let errors = 0;
subscribe("unstick.redis.advice", (message) => console.log("advice", (message as { code: string }).code));
subscribe("unstick.redis.client-error", () => {
  if (errors === 0) console.log("error");
  errors += 1;
});

const backend = redisBackend(client, { deadlineMs: 200 });
await server.kill();
await waitUntil("the client has noticed", () => errors > 0);
await server.restart();
const works = (): Promise<boolean> =>
  backend.read(sessionKey("a")).then(
    () => true,
    () => false,
  );
await waitUntil("it works again", works);
console.log("works again");
client.destroy();
await server.stop();
