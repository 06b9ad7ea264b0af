import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { Balancer } from "../src/balancer.ts";
import { type Alb, type AlbOptions, startAlb } from "../src/index.ts";
import { listen } from "../src/proxy/listener.ts";
import { openUpstream, type UpstreamOptions } from "../src/proxy/upstream.ts";
import { resolveSettings } from "../src/settings.ts";
import { ask, type FarmTarget, startTarget } from "./farm.ts";

const upgrade =
  "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/** What a client hears that asks for a WebSocket and waits until the other side closes. */
async function sendUpgrade(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(upgrade);
  return text(socket);
}

/**
 * A port to which nobody can connect and that refuses nobody: its thread never accepts, and the queue of the kernel
 * (a backlog of one) is full, so that it drops every further SYN.
 */
async function startDeafPort(): Promise<number> {
  const deaf = `
    const { createServer } = require("node:net");
    const { parentPort } = require("node:worker_threads");
    const server = createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
    });`;
  const worker = new Worker(deaf, { eval: true });
  const [port] = (await once(worker, "message")) as [number];
  const queue = Array.from({ length: 8 }, () => connect(port, "127.0.0.1"));
  for (const socket of queue) socket.on("error", () => {});
  onTestFinished(async () => {
    for (const socket of queue) socket.destroy();
    await worker.terminate();
  });
  await Promise.all([once(queue[0] as Socket, "connect"), once(queue[1] as Socket, "connect")]);
  return port;
}

/** The emulator before one target, with quicker timeouts than AWS's ten seconds. */
async function startBefore(
  target: string,
  timeouts: UpstreamOptions,
): Promise<{ readonly port: number; readonly balancer: Balancer }> {
  const balancer = new Balancer(resolveSettings({ targets: [target] }));
  void balancer.groupOf(undefined).register(target);
  const listener = await listen(balancer, () => false, openUpstream(timeouts));
  onTestFinished(async () => {
    balancer.close();
    await listener.close();
  });
  return { port: listener.port, balancer };
}

describe("the connect timeout", () => {
  const startBeforeDeaf = async (): ReturnType<typeof startBefore> =>
    startBefore(`http://127.0.0.1:${await startDeafPort()}`, { connectTimeoutMs: 300 });

  it("is a 504", async () => {
    const { port, balancer } = await startBeforeDeaf();
    expect(await ask(`http://127.0.0.1:${port}/`)).toMatchObject({
      status: 504,
      headers: { server: "awselb/2.0" },
    });
    expect(balancer.ownStatuses).toEqual({ 504: 1 });
  });

  it("is a 504 for an upgrade, too", async () => {
    const { port, balancer } = await startBeforeDeaf();
    expect(await sendUpgrade(port)).toMatch(/^HTTP\/1.1 504 Gateway Timeout\r\n/);
    expect(balancer.ownStatuses).toEqual({ 504: 1 });
  });
});

it("a target that never ends the TLS handshake is a 502", async () => {
  const mute = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(mute, "listening");
  onTestFinished(() => void mute.close());
  const target = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  const { port, balancer } = await startBefore(target, { handshakeTimeoutMs: 300 });
  expect((await ask(`http://127.0.0.1:${port}/`)).status).toBe(502);
  expect(balancer.ownStatuses).toEqual({ 502: 1 });
});

describe("the idle timeout of an upgrade", () => {
  let alb: Alb;
  let target: FarmTarget;

  async function start(options: Partial<AlbOptions> = {}): Promise<void> {
    target = await startTarget("A");
    alb = await startAlb({ targets: [target.url], idleTimeoutSeconds: 1, ...options });
  }

  afterEach(async () => {
    await alb.close();
    await target.stop();
  });

  async function openSocket(): Promise<{ readonly client: WebSocket; readonly server: WebSocket }> {
    const sockets = new WebSocketServer({ server: target.server });
    const client = new WebSocket(alb.url.replace("http", "ws"));
    const [[server]] = (await Promise.all([once(sockets, "connection"), once(client, "open")])) as [
      [WebSocket],
      unknown,
    ];
    return { client, server };
  }

  it("cuts a WebSocket on which nothing moves, on both sides", async () => {
    await start();
    const { client, server } = await openSocket();
    const closings = await Promise.all([once(client, "close"), once(server, "close")]);
    // 1006: the connection ended without a closing frame, which a balancer cannot send.
    expect(closings.map(([code]) => code)).toEqual([1006, 1006]);
    expect(alb.status().targets[0]?.inFlight).toBe(0);
    expect(alb.status().ownStatuses).toEqual({});
  });

  it.each(["client", "server"] as const)("leaves one alone on which the %s speaks", async (who) => {
    await start();
    const sides = await openSocket();
    let heard = 0;
    sides[who === "client" ? "server" : "client"].on("message", () => {
      heard += 1;
    });
    let isClosed = false;
    sides.client.once("close", () => {
      isClosed = true;
    });
    // Seven times 300 ms is over two idle timeouts.
    for (let count = 0; count < 7; count += 1) {
      sides[who].send("still here");
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect({ heard, isClosed }).toEqual({ heard: 7, isClosed: false });
    await once(sides.client, "close");
  });

  it("is a 504 where the target is silent before it switches", async () => {
    await start();
    target.server.on("upgrade", (_incoming, socket) => socket.once("end", () => socket.end()).resume());
    expect(await sendUpgrade(alb.port)).toMatch(/^HTTP\/1.1 504 Gateway Timeout\r\n/);
    expect(alb.status().ownStatuses).toEqual({ 504: 1 });
  });
});
