import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What goes wrong on the way. Durations in milliseconds; absent means that nothing does. */
export interface Faults {
  /** Each chunk, either way, arrives this much later. */
  readonly delayMs?: number;
  /** Replies arrive at most this fast. */
  readonly bytesPerSecond?: number;
  /** Replies vanish: the server has done the work, the client never learns. */
  readonly dropReplies?: boolean;
  /** Requests vanish: the server never learns. */
  readonly dropRequests?: boolean;
  /** Each reply is replaced by random bytes. */
  readonly garbage?: boolean;
  /** The next reply is cut in the middle, and the connection with it. */
  readonly cut?: boolean;
}

export interface FaultProxy {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly connections: number;
  /** Faults from now on, of old connections and new; `{}` heals. */
  set(faults: Faults): void;
  /** Connections of this moment stay open for ever and carry nothing more (half-open); new ones work. */
  blackHole(): void;
  /** Break all connections of this moment with a TCP reset. */
  reset(): void;
  stop(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  isDeaf: boolean;
}

/** A TCP proxy in front of a server on loopback that breaks what passes through it, on command. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let faults: Faults = {};
  const listener = createServer((client) => join(pairs, client, targetPort, () => faults));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    host: "127.0.0.1",
    port: (listener.address() as AddressInfo).port,
    get connections() {
      return pairs.size;
    },
    set: (next) => {
      faults = next;
    },
    blackHole: () => {
      for (const pair of pairs) pair.isDeaf = true;
    },
    reset: () => breakAll(pairs),
    stop: () => stop(listener, pairs),
  };
}

function join(pairs: Set<Pair>, client: Socket, targetPort: number, faults: () => Faults): void {
  const pair: Pair = { client, server: connect(targetPort, "127.0.0.1"), isDeaf: false };
  pairs.add(pair);
  client.setNoDelay(true);
  pair.server.setNoDelay(true);
  const requests = forwarder(pair.server);
  const replies = forwarder(client);
  client.on("data", (chunk) => {
    if (!pair.isDeaf && !faults().dropRequests) requests(chunk, faults());
  });
  pair.server.on("data", (chunk) => {
    const now = faults();
    if (pair.isDeaf || now.dropReplies) return;
    if (now.cut) {
      client.write(chunk.subarray(0, Math.ceil(chunk.length / 2)), () => client.resetAndDestroy());
      return;
    }
    replies(now.garbage ? randomBytes(chunk.length) : chunk, now);
  });
  for (const socket of [client, pair.server]) {
    socket.on("error", () => {});
    socket.on("close", () => {
      if (pair.isDeaf && socket === pair.server) return;
      pairs.delete(pair);
      client.destroy();
      pair.server.destroy();
    });
  }
}

/** Writes in order, each chunk no sooner than its delay and, if throttled, its length allow. */
function forwarder(to: Socket): (chunk: Buffer, faults: Faults) => void {
  let free = 0;
  return (chunk, { delayMs = 0, bytesPerSecond }) => {
    const now = performance.now();
    const transfer = bytesPerSecond === undefined ? 0 : (chunk.length / bytesPerSecond) * 1_000;
    free = Math.max(free, now + delayMs) + transfer;
    if (free <= now) to.write(chunk);
    else setTimeout(() => to.write(chunk), free - now);
  };
}

function randomBytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(Math.random() * 256)));
}

function breakAll(pairs: Set<Pair>): void {
  for (const { client, server } of pairs) {
    client.resetAndDestroy();
    server.destroy();
  }
}

async function stop(listener: Server, pairs: Set<Pair>): Promise<void> {
  breakAll(pairs);
  listener.close();
  await once(listener, "close");
}
