import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, launch, programs, type RunningProgram, waitUntil } from "@unstick/testbed";
import { afterEach, describe, expect, it } from "vitest";
import { type Alb, type AlbOptions, startAlb } from "../src/index.ts";
import { ask, cookiesOf, type FarmTarget, startFarm } from "./farm.ts";

/** What HAProxy and the emulator both promise, asked of both over the same targets. */
describe("beside a real HAProxy", () => {
  let farm: FarmTarget[] = [];
  let alb: Alb;
  let haproxy: RunningProgram;
  let haproxyUrl = "";
  let folder = "";

  async function start(
    backend: string,
    cookieOf: (name: string) => string,
    options: Partial<AlbOptions>,
  ): Promise<void> {
    farm = await startFarm(["A", "B", "C"]);
    folder = await mkdtemp(join(tmpdir(), "unstick-haproxy-"));
    const port = await freePort();
    haproxyUrl = `http://127.0.0.1:${port}`;
    const servers = farm.map(
      ({ name, url }) =>
        `  server ${name} ${url.slice("http://".length)} check inter 200 fall 2 rise 1 ${cookieOf(name)}`,
    );
    const config = `defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  timeout check 5s
  option httpchk
  http-check send meth GET uri / hdr User-Agent ELB-HealthChecker/2.0
frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
${backend}
${servers.join("\n")}
`;
    const file = join(folder, "haproxy.cfg");
    await writeFile(file, config);
    haproxy = await launch(programs.haproxy, ["-db", "-f", file], folder);
    await waitUntil("HAProxy answers", async () => {
      if (haproxy.hasEnded) throw new Error(haproxy.said());
      return ask(haproxyUrl).then(
        ({ status }) => status === 200,
        () => false,
      );
    });
    alb = await startAlb({
      targets: farm.map(({ url }) => url),
      healthCheck: { intervalSeconds: 5 },
      timeScale: 0.01,
      ...options,
    });
  }

  afterEach(async () => {
    await alb.close();
    haproxy.signal("SIGTERM");
    await haproxy.ended;
    await Promise.all(farm.map((target) => target.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  async function sequence(url: string, length: number): Promise<string> {
    const names: (string | undefined)[] = [];
    for (let count = 0; count < length; count += 1) names.push((await ask(url)).instance);
    return names.join("");
  }

  /** The sequence turned so that it starts with A. */
  const fromA = (names: string): string =>
    names.slice(names.indexOf("A")) + names.slice(0, names.indexOf("A"));

  async function bothKnowItIsDown(dead: FarmTarget): Promise<void> {
    await dead.stop();
    await waitUntil("the emulator took it out", () =>
      alb.status().targets.some(({ target, state }) => target === dead.url && state === "unhealthy"),
    );
    await waitUntil("HAProxy took it out", () => haproxy.said().includes(`Server out/${dead.name} is DOWN`));
  }

  it("round robin takes turns in the same order, also without a dead one", async () => {
    await start("  balance roundrobin", () => "", {});
    const [ours, theirs] = [await sequence(alb.url, 9), await sequence(haproxyUrl, 9)];
    expect(fromA(ours)).toBe("ABCABCABC");
    expect(fromA(theirs)).toBe(fromA(ours));
    await bothKnowItIsDown(farm[1] as FarmTarget);
    expect(fromA(await sequence(alb.url, 6))).toBe("ACACAC");
    expect(fromA(await sequence(haproxyUrl, 6))).toBe("ACACAC");
  });

  it("a hash of the source keeps every address where it is, spreads them, and moves them off a dead target", async () => {
    await start("  balance source\n  hash-type map-based", () => "", { stickiness: { type: "source_ip" } });
    const addresses = Array.from({ length: 24 }, (_, n) => `127.0.${n}.${n + 1}`);
    for (const url of [alb.url, haproxyUrl]) {
      const places = new Map<string, string | undefined>();
      for (const localAddress of addresses)
        places.set(localAddress, (await ask(url, { localAddress })).instance);
      expect(new Set(places.values()).size, url).toBe(3);
      for (const localAddress of addresses) {
        expect((await ask(url, { localAddress })).instance, url).toBe(places.get(localAddress));
      }
    }
    await bothKnowItIsDown(farm[0] as FarmTarget);
    for (const url of [alb.url, haproxyUrl]) {
      for (const localAddress of addresses) {
        const first = (await ask(url, { localAddress })).instance;
        expect(["B", "C"]).toContain(first);
        expect((await ask(url, { localAddress })).instance, url).toBe(first);
      }
    }
  });

  it("a cookie keeps a client, a dead target's client is picked anew and stays there when it returns", async () => {
    const insert = "  balance roundrobin\n  cookie SRV insert indirect nocache\n  option redispatch";
    await start(insert, (name) => `cookie ${name}`, { stickiness: { type: "lb_cookie" } });
    const clients = await Promise.all(
      [alb.url, haproxyUrl].map(async (url) => {
        const answer = await ask(url);
        return { url, cookie: cookiesOf(answer), instance: answer.instance };
      }),
    );
    for (const { url, cookie, instance } of clients) {
      for (let count = 0; count < 5; count += 1)
        expect((await ask(url, { headers: { cookie } })).instance).toBe(instance);
    }
    for (const { url, cookie, instance } of clients) {
      const dead = farm.find(({ name }) => name === instance);
      if (dead?.server.listening) await bothKnowItIsDown(dead);
      const moved = await ask(url, { headers: { cookie } });
      expect(moved.status).toBe(200);
      expect(moved.instance).not.toBe(instance);
      expect(moved.setCookies, url).not.toEqual([]);
      const next = { headers: { cookie: cookiesOf(moved) } };
      for (let count = 0; count < 5; count += 1) expect((await ask(url, next)).instance).toBe(moved.instance);
    }
  });
});
