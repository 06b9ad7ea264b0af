import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startRedis } from "@unstick/testbed";
import * as redis6 from "redis";
import * as redis4 from "redis4";
import * as redis5 from "redis5";

/*
 * The bare clients, nothing of ours: a reply with one user's values is cut after each of its bytes in turn,
 * the connection with it, and over the next one another user's values are asked for.
 */

interface Client {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  disconnect(): unknown;
  sendCommand(command: string[]): Promise<unknown>;
}

/** The next reply that is a list ends after so many bytes. */
interface Cut {
  after: number | undefined;
}

const ALICES = ["user", "alice", "role", "admin"];
const BOBS = ["user", "bob", "role", "guest"];
const LENGTH_OF_REPLY = `*4\r\n${ALICES.map((text) => `$${text.length}\r\n${text}\r\n`).join("")}`.length;

let uncaught = 0;
process.on("uncaughtException", () => {
  uncaught += 1;
});

async function cuttingProxy(target: number, cut: Cut): Promise<Server> {
  const proxy = createServer((client) => {
    const server = connect(target, "127.0.0.1");
    client.on("data", (chunk) => server.write(chunk));
    server.on("data", (chunk) => {
      const { after } = cut;
      if (after === undefined || chunk[0] !== "*".charCodeAt(0)) return client.write(chunk);
      cut.after = undefined;
      return client.write(chunk.subarray(0, after), () => client.resetAndDestroy());
    });
    endTogether(client, server);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return proxy;
}

function endTogether(client: Socket, server: Socket): void {
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on("error", () => {});
    one.on("close", () => other.destroy());
  }
}

async function askAfterCut(client: Client, cut: Cut, after: number): Promise<string> {
  client.on("error", () => {});
  await client.connect();
  cut.after = after;
  uncaught = 0;
  await client.sendCommand(["HGETALL", "alice"]).catch(() => {});
  await sleep(40);
  const answer = await Promise.race([
    client.sendCommand(["HGETALL", "bob"]).catch((error: Error) => error.message),
    sleep(100, "nothing"),
  ]);
  await sleep(10);
  return kindOf(answer) + (uncaught > 0 ? ", and an uncaught error" : "");
}

function kindOf(answer: unknown): string {
  const text = JSON.stringify(answer);
  if (text === JSON.stringify(BOBS)) return "right";
  if (/alice|admin/.test(text)) return "with another's values";
  return answer === "nothing" ? "none" : "wrong";
}

const server = await startRedis();
const direct = redis6.createClient({ url: server.url });
await direct.connect();
for (const [key, fields] of [
  ["alice", ALICES],
  ["bob", BOBS],
] as const)
  await direct.sendCommand(["HSET", key, ...fields]);
const cut: Cut = { after: undefined };
const proxy = await cuttingProxy(server.port, cut);
const { port } = proxy.address() as AddressInfo;
const socket = { host: "127.0.0.1", port, reconnectStrategy: 5 };
const clients: Readonly<Record<string, () => Client>> = {
  "node-redis 4": () => redis4.createClient({ socket }),
  "node-redis 5": () => redis5.createClient({ socket, RESP: 2 }),
  "node-redis 6": () => redis6.createClient({ socket, RESP: 2 }),
};
for (const [name, create] of Object.entries(clients)) {
  const answers = new Map<string, number>();
  for (let after = 1; after < LENGTH_OF_REPLY; after += 1) {
    const client = create();
    const kind = await askAfterCut(client, cut, after);
    answers.set(kind, (answers.get(kind) ?? 0) + 1);
    await Promise.resolve(client.disconnect()).catch(() => {});
  }
  console.log(name, Object.fromEntries(answers));
}
await direct.close();
proxy.close();
await server.stop();
process.exit();
