import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { waitUntil } from "@unstick/testbed";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { type Alb, type AlbOptions, startAlb } from "../src/index.ts";
import { ask, type Behaviour, cookiesOf, type FarmTarget, startTarget } from "./farm.ts";

let alb: Alb;
let target: FarmTarget;

async function start(behave?: Behaviour, options: Partial<AlbOptions> = {}): Promise<void> {
  target = await startTarget("A", behave);
  alb = await startAlb({ targets: [target.url], healthCheck: { intervalSeconds: 300 }, ...options });
}

afterEach(async () => {
  await alb.close();
  await target.stop();
});

/** Send bytes as they are, and read until the other side closes. */
async function sendRaw(bytes: string): Promise<string> {
  const socket = connect(alb.port, "127.0.0.1");
  socket.write(bytes);
  return text(socket);
}

describe("what a target is told", () => {
  const echo: Behaviour = (incoming, response) => response.end(JSON.stringify(incoming.headers));
  const heard = async (headers: Record<string, string>): Promise<IncomingMessage["headers"]> =>
    JSON.parse((await ask(`${alb.url}/`, { headers })).body);

  it("adds the client, the protocol, the port and a trace id", async () => {
    await start(echo);
    const told = await heard({ "x-forwarded-for": "10.0.0.1", "x-forwarded-proto": "https" });
    expect(told).toMatchObject({
      "x-forwarded-for": "10.0.0.1, 127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-port": String(alb.port),
      host: `127.0.0.1:${alb.port}`,
    });
    expect(told["x-amzn-trace-id"]).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    expect(told["x-forwarded-host"]).toBeUndefined();
  });

  it("can hide the client, and can hide its own cookies", async () => {
    await start(echo, { xForwardedFor: "remove", assume: { cookiesReachTargets: false } });
    const told = await heard({
      "x-forwarded-for": "10.0.0.1",
      cookie: "a=1; AWSALBAPP-0=_remove_; AWSALB=x",
    });
    expect(told["x-forwarded-for"]).toBeUndefined();
    expect(told.cookie).toBe("a=1");
  });

  it("keeps every value of a repeated header, and the reason phrase of an answer", async () => {
    await start((incoming, response) => {
      response.setHeader("X-Two", ["1", "2"]).setHeader("X-Heard", incoming.rawHeaders.join("|"));
      response.writeHead(299, "Fine Indeed");
      response.end();
    });
    const answer = await sendRaw(
      "GET / HTTP/1.1\r\nHost: a\r\nX-Mine: 1\r\nX-Mine: 2\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toContain("HTTP/1.1 299 Fine Indeed\r\n");
    expect(answer).toContain("X-Two: 1\r\nX-Two: 2\r\n");
    expect(answer).toContain("X-Mine|1|X-Mine|2");
  });

  it.each([
    ["POST", "with a length", "12345"],
    ["DELETE", "with a length", "12345"],
    ["POST", "without any body", undefined],
    ["GET", "without any body", undefined],
  ])("passes a %s %s", async (method, _what, body) => {
    await start(async (incoming, response) => {
      response.end(
        `${incoming.method} ${await text(incoming)} ${incoming.headers["transfer-encoding"] ?? "no te"}`,
      );
    });
    expect(
      (await ask(alb.url, { method, ...(body && { body, headers: { "content-length": "5" } }) })).body,
    ).toBe(`${method} ${body ?? ""} no te`);
  });

  it("passes a chunked request as a chunked one", async () => {
    await start(async (incoming, response) => {
      response.end(`${await text(incoming)} ${incoming.headers["transfer-encoding"]}`);
    });
    const chunked =
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    expect(await sendRaw(chunked)).toContain("abc chunked");
  });
});

describe("streams", () => {
  it("hands each event on before the answer ends", async () => {
    let finish = (): void => {};
    await start((_incoming, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      finish = () => response.end("data: 2\n\n");
    });
    const outgoing = request(alb.url, { agent: false }).end();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const [first] = (await once(answer, "data")) as [Buffer];
    expect(String(first)).toBe("data: 1\n\n");
    finish();
    expect(await text(answer)).toBe("data: 2\n\n");
  });

  it("lets a client that does not read hold the target back", async () => {
    let written = 0;
    const block = Buffer.alloc(256 * 1024);
    const total = 256 * block.length;
    await start((_incoming, response) => {
      const fill = (): void => {
        while (written < total) {
          written += block.length;
          if (!response.write(block)) return void response.once("drain", fill);
        }
        response.end();
      };
      fill();
    });
    const outgoing = request(alb.url, { agent: false }).end();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    let before = -1;
    await waitUntil("the target stands still", async () => {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return written === before;
    });
    expect(written).toBeLessThan(total);
    let received = 0;
    for await (const chunk of answer) received += (chunk as Buffer).length;
    expect(received).toBe(total);
  });

  it("lets a target that does not read hold the client back", async () => {
    let take = (): void => {};
    await start((incoming, response) => {
      take = () => incoming.resume().once("end", () => response.end("taken"));
    });
    const outgoing = request(alb.url, { method: "POST", agent: false });
    const block = Buffer.alloc(256 * 1024);
    const total = 256 * block.length;
    let written = 0;
    let isBlocked = false;
    const fill = (): void => {
      while (written < total) {
        written += block.length;
        isBlocked = !outgoing.write(block);
        if (isBlocked) return void outgoing.once("drain", fill);
      }
      outgoing.end();
    };
    fill();
    await waitUntil("the client stands still", async () => {
      const before = written;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return isBlocked && written === before;
    });
    expect(written).toBeLessThan(total);
    take();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(await text(answer)).toBe("taken");
  });

  it("cuts the client off when the target dies within its answer", async () => {
    await start((_incoming, response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("12345", () => response.destroy());
    });
    await expect(ask(alb.url)).rejects.toThrow(/aborted|terminated|reset/);
  });
});

describe("WebSocket", () => {
  async function startEcho(options: Partial<AlbOptions> = {}): Promise<WebSocketServer> {
    await start(undefined, { stickiness: { type: "lb_cookie" }, ...options });
    const sockets = new WebSocketServer({ server: target.server });
    sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(`A heard ${data}`)));
    return sockets;
  }

  it("is passed both ways, and its 101 carries the balancer's cookies", async () => {
    await startEcho();
    const socket = new WebSocket(alb.url.replace("http", "ws"));
    const [[answer]] = (await Promise.all([once(socket, "upgrade"), once(socket, "open")])) as [
      [IncomingMessage],
      unknown,
    ];
    expect(answer.headers["set-cookie"]?.map((line) => line.split("=")[0])).toEqual(["AWSALB", "AWSALBCORS"]);
    socket.send("hello");
    expect(String((await once(socket, "message"))[0])).toBe("A heard hello");
    expect(alb.status().targets[0]?.inFlight).toBe(1);
    socket.close();
    await waitUntil("the socket is let go", () => alb.status().targets[0]?.inFlight === 0);
  });

  it("carries no cookies on the 101 when so assumed", async () => {
    await startEcho({ assume: { cookiesOnUpgrade: false } });
    const socket = new WebSocket(alb.url.replace("http", "ws"));
    const [[answer]] = (await Promise.all([once(socket, "upgrade"), once(socket, "open")])) as [
      [IncomingMessage],
      unknown,
    ];
    expect(answer.headers["set-cookie"]).toBeUndefined();
    socket.terminate();
  });

  it("hands on the refusal of a target", async () => {
    await start();
    target.server.on("upgrade", (_incoming, socket) =>
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
    );
    const socket = new WebSocket(alb.url.replace("http", "ws"));
    await expect(once(socket, "open")).rejects.toThrow("403");
  });

  it("cuts the client off when the target dies within its refusal", async () => {
    await start();
    target.server.on("upgrade", (_incoming, socket) =>
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nno"),
    );
    const answer = await sendRaw(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 403 Forbidden\r\n.*\r\n\r\nno$/s);
  });

  it("is cut at the end of the deregistration delay", async () => {
    await startEcho({ deregistrationDelaySeconds: 0 });
    const socket = new WebSocket(alb.url.replace("http", "ws"));
    await once(socket, "open");
    const closed = once(socket, "close");
    await alb.deregister(target.url);
    await closed;
  });
});

describe("what the balancer answers by itself", () => {
  it.each<[number, string, Behaviour]>([
    [502, "a target that resets the connection", (incoming) => incoming.socket.resetAndDestroy()],
    [502, "a target that closes without an answer", (incoming) => incoming.socket.end()],
    [502, "a malformed answer", (incoming) => incoming.socket.end("HTTP/1.1 abc\r\n\r\n")],
    [502, "headers over 32K", (_, response) => response.setHeader("x-long", "x".repeat(33_000)).end()],
    [504, "a target that is silent over the idle timeout", () => {}],
  ])("%i for %s", async (status, _what, behave) => {
    await start(behave, { idleTimeoutSeconds: 1 });
    const answer = await ask(alb.url);
    expect(answer).toMatchObject({ status, headers: { server: "awselb/2.0" } });
    expect(answer.body).toContain(`<h1>${status}`);
    expect(answer.setCookies).toEqual([]);
    expect(alb.status().ownStatuses).toEqual({ [status]: 1 });
  });

  it("502 for a target that is down, 503 when none is registered", async () => {
    await start(undefined, { deregistrationDelaySeconds: 0 });
    await target.stop();
    expect((await ask(alb.url)).status).toBe(502);
    await alb.deregister(target.url);
    expect((await ask(alb.url)).status).toBe(503);
  });

  it("cookies on its own answers when so assumed", async () => {
    const assume = { cookiesOnOwnAnswers: true };
    await start((incoming) => incoming.socket.end(), { assume, stickiness: { type: "lb_cookie" } });
    expect(cookiesOf(await ask(alb.url))).toMatch(/^AWSALB=.*; AWSALBCORS=/);
  });

  const long = (bytes: number): string => "x".repeat(bytes);
  it.each([
    [405, "TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"],
    [414, "a request line over 16K", `GET /${long(16_400)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    [400, "a header over 16K", `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${long(16_400)}\r\n\r\n`],
    [400, "headers over 64K", `GET / HTTP/1.1\r\nHost: a\r\n${`X-Long: ${long(16_000)}\r\n`.repeat(5)}\r\n`],
    [400, "what is no HTTP", "hello\r\n\r\n"],
    [400, "a request without Host", "GET / HTTP/1.1\r\n\r\n"],
    [
      501,
      "a Transfer-Encoding it does not know",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    ],
    [
      463,
      "31 forwarders",
      `GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${Array(31).fill("1.2.3.4").join(",")}\r\n\r\n`,
    ],
  ])("%i for %s", async (status, _what, bytes) => {
    await start();
    expect(await sendRaw(bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(target.seen.filter(({ headers }) => !headers["user-agent"])).toHaveLength(0);
  });

  it("408 for a client that never finishes its request", async () => {
    await start(undefined, { idleTimeoutSeconds: 1 });
    target.server.removeAllListeners("request");
    target.server.on("request", (incoming) => incoming.resume());
    expect(await sendRaw("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")).toMatch(
      /^HTTP\/1.1 408 /,
    );
  });

  it("464 where the target group speaks another protocol version", async () => {
    await start(undefined, { protocolVersion: "GRPC" });
    expect((await ask(alb.url)).status).toBe(464);
  });

  it("counts 460 for a client that does not wait", async () => {
    let arrived = (): void => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await start(() => arrived());
    const outgoing = request(alb.url, { agent: false }).end();
    outgoing.on("error", () => {});
    await arrival;
    outgoing.destroy();
    await waitUntil("the client is counted", () => alb.status().ownStatuses["460"] === 1);
  });

  it("502 when the deregistration delay is over before the answer", async () => {
    let arrived = (): void => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await start(() => arrived(), { deregistrationDelaySeconds: 1, timeScale: 0.05 });
    const answer = ask(alb.url);
    await arrival;
    await alb.deregister(target.url);
    expect((await answer).status).toBe(502);
  });
});

describe("connections to targets", () => {
  it("are kept alive and shared", async () => {
    await start();
    const sockets = new Set<Socket>();
    target.server.on("request", (incoming) => sockets.add(incoming.socket));
    for (let count = 0; count < 5; count += 1) await ask(alb.url);
    expect(sockets.size).toBe(1);
  });

  it("checks health on a connection of its own, as ELB-HealthChecker/2.0, with address and port as Host", async () => {
    await start();
    const check = target.seen[0];
    expect(check?.headers).toMatchObject({
      "user-agent": "ELB-HealthChecker/2.0",
      host: target.url.slice("http://".length),
      connection: "close",
    });
  });

  it("a target that accepts and never answers is unhealthy, and closing does not wait for it", async () => {
    const mute = createTcpServer(() => {});
    mute.listen(0, "127.0.0.1");
    await once(mute, "listening");
    onTestFinished(() => void mute.close());
    await start();
    alb.register(`http://127.0.0.1:${(mute.address() as AddressInfo).port}`);
    expect(alb.status().targets[1]?.state).toBe("initial");
  });
});
