import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer, request } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { startChromium, waitUntil } from "@unstick/testbed";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { type Alb, type AlbStatus, startAlb } from "../src/index.ts";
import { certificate, privateKey } from "./certificate.ts";
import { ask, cookiesOf, type FarmTarget, startFarm } from "./farm.ts";

let alb: Alb;
let farm: FarmTarget[] = [];

afterEach(async () => {
  await alb.close();
  await Promise.all(farm.map((target) => target.stop()));
});

/** What a client heard when its connection ended, by whatever means. */
function untilClosed(client: Socket): Promise<string> {
  let heard = "";
  client
    .on("error", () => {})
    .on("data", (chunk) => {
      heard += String(chunk);
    });
  return new Promise((resolve) => client.once("close", () => resolve(heard)));
}

describe("HTTPS", () => {
  async function get(
    url: string,
  ): Promise<{ readonly headers: IncomingMessage["headers"]; readonly body: string }> {
    const outgoing = request(url, { ca: certificate, agent: false }).end();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    return { headers: answer.headers, body: await text(answer) };
  }

  it("listener: the target learns of https, and the CORS twin is Secure", async () => {
    farm = await startFarm(["A"], (incoming, response) =>
      response.end(incoming.headers["x-forwarded-proto"]),
    );
    const tls = { key: privateKey, cert: certificate };
    alb = await startAlb({ targets: [farm[0]?.url ?? ""], tls, stickiness: { type: "lb_cookie" } });
    const answer = await get(alb.url);
    expect(answer.body).toBe("https");
    expect(answer.headers["set-cookie"]?.[0]).not.toContain("Secure");
    expect(answer.headers["set-cookie"]?.[1]).toMatch(/; Path=\/; SameSite=None; Secure$/);
  });

  it("listener: a client that speaks no TLS, or never ends the handshake, is cut and not counted", async () => {
    alb = await startAlb({ targets: [], tls: { key: privateKey, cert: certificate } });
    const clients = ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""].map((bytes) => {
      const client = connect(alb.port, "127.0.0.1");
      client.write(bytes);
      return untilClosed(client);
    });
    expect(await Promise.all(clients)).toEqual(["", ""]);
    expect(alb.status().ownStatuses).toEqual({});
  });

  it("listener: closing does not wait for a handshake", { timeout: 5_000 }, async () => {
    alb = await startAlb({ targets: [], tls: { key: privateKey, cert: certificate } });
    const client = connect(alb.port, "127.0.0.1");
    const closed = untilClosed(client);
    await once(client, "connect");
    await alb.close();
    expect(await closed).toBe("");
  });

  it("target: its certificate is not checked", async () => {
    const server = createHttpsServer({ key: privateKey, cert: certificate }, (_incoming, response) =>
      response.end("tls"),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    alb = await startAlb({ targets: [`https://127.0.0.1:${(server.address() as AddressInfo).port}`] });
    expect(alb.status().targets[0]?.state).toBe("healthy");
    expect((await ask(alb.url)).body).toBe("tls");
  });

  it("app_cookie on plain HTTP can be assumed never to be Secure", async () => {
    farm = await startFarm(["A"]);
    alb = await startAlb({
      targets: [farm[0]?.url ?? ""],
      stickiness: { type: "app_cookie", cookieName: "MYAPP" },
      assume: { secureOnHttp: "never" },
    });
    const answer = await ask(`${alb.url}/login`, { headers: { "user-agent": "Chrome/142.0" } });
    expect(answer.setCookies[1]).toMatch(/; Path=\/$/);
  });
});

describe("the status", () => {
  async function start(statusPath?: string | false): Promise<void> {
    farm = await startFarm(["A", "B"]);
    alb = await startAlb({
      targets: farm.map(({ url }) => url),
      stickiness: { type: "app_cookie", cookieName: "MYAPP" },
      healthCheck: { intervalSeconds: 5 },
      timeScale: 0.01,
      ...(statusPath !== undefined && { statusPath }),
    });
  }

  it("as JSON: targets, requests, who is pinned where, and no cookie value", async () => {
    await start();
    const login = await ask(`${alb.url}/login`);
    await ask(alb.url, { headers: { cookie: cookiesOf(login) } });
    const answer = await ask(`${alb.url}/_alb/status.json`);
    const status = JSON.parse(answer.body) as AlbStatus;
    expect(status).toEqual(alb.status());
    expect(status).toMatchObject({ requests: 2, nonStickyRequests: 1, ownStatuses: {} });
    const pinned = farm.find(({ name }) => name === login.instance)?.url;
    expect(status.pinned).toEqual([
      {
        client: expect.stringMatching(/^[0-9a-f]{6}$/),
        target: pinned,
        lastSeenMs: expect.any(Number),
        requests: 2,
        moves: 0,
      },
    ]);
    for (const pair of cookiesOf(login).split("; ")) {
      expect(answer.body).not.toContain(
        pair
          .slice(pair.indexOf("=") + 1)
          .slice(0, 12)
          .replace("_remove_", "no such"),
      );
    }
  });

  it("as a stream that says at once what changed", async () => {
    await start();
    const outgoing = httpRequest(`${alb.url}/_alb/events`, { agent: false }).end();
    const [stream] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    let heard = "";
    stream.on("data", (chunk) => {
      heard += String(chunk);
    });
    await waitUntil("the first state", () => heard.includes('"requests":0'));
    await ask(alb.url);
    await waitUntil("the next state", () => heard.includes('"requests":1'));
    outgoing.destroy();
  });

  it("lives where it is told to, or nowhere; a target then has the path", async () => {
    await start("/balancer");
    expect((await ask(`${alb.url}/balancer`)).headers["content-type"]).toContain("text/html");
    expect((await ask(`${alb.url}/_alb`)).instance).toBeDefined();
    await alb.close();
    await Promise.all(farm.map((target) => target.stop()));
    await start(false);
    expect((await ask(`${alb.url}/_alb`)).instance).toBeDefined();
  });

  it("as a page that a browser draws live", async () => {
    await start();
    const browser = await startChromium();
    onTestFinished(() => browser.close());
    const tab = await browser.newPage();
    const faults: string[] = [];
    tab.on("pageerror", (error) => faults.push(String(error)));
    tab.on("console", (message) => faults.push(message.text()));
    await tab.goto(`${alb.url}/_alb`);
    await tab.getByText("Nobody is pinned yet.").waitFor();
    const login = await ask(`${alb.url}/login`);
    await tab.getByRole("cell", { name: alb.status().pinned[0]?.client ?? "" }).waitFor();
    const target = farm.find(({ name }) => name === login.instance);
    await target?.stop();
    await tab.getByText("unhealthy", { exact: true }).waitFor();
    await tab.getByText("last health check: connection refused").waitFor();
    expect(await tab.getByRole("listitem").count()).toBe(2);
    expect(await tab.getByRole("heading", { level: 2 }).allTextContents()).toEqual([
      "Targets",
      "Clients and where they are pinned",
    ]);
    expect(await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await tab.setViewportSize({ width: 360, height: 700 });
    expect(await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(faults).toEqual([]);
  });
});
