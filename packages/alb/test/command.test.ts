import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { waitUntil } from "@unstick/testbed";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { type Alb, startAlb } from "../src/index.ts";
import { ask, type FarmTarget, startFarm } from "./farm.ts";
import { listen } from "./listen.ts";

const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));

interface Run {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly ended: Promise<number | null>;
}

/** The command line as a process of its own. */
function run(...args: string[]): Run {
  const child = spawn(process.execPath, ["--import", "tsx", cli, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      said += String(chunk);
    });
  }
  const ended = once(child, "close").then(() => child.exitCode);
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return { child, said: () => said, ended };
}

let farm: FarmTarget[] = [];
let alb: Alb | undefined;

afterEach(async () => {
  await alb?.close();
  await Promise.all(farm.map((target) => target.stop()));
  alb = undefined;
  farm = [];
});

describe("alb start", () => {
  it("runs until Ctrl-C, and leaves nothing behind", async () => {
    farm = await startFarm(["A"]);
    const { child, said, ended } = run(
      "start",
      "--target",
      farm[0]?.url ?? "",
      "--app-cookie-name",
      "MYAPP",
      "--duration",
      "1d",
    );
    await waitUntil("it listens", () => said().includes("stop      Ctrl-C"));
    const url = /listening (\S+)/.exec(said())?.[1] ?? "";
    expect(said()).toContain(`${farm[0]?.url} is healthy`);
    expect(said()).toContain("sticky    app_cookie MYAPP for 86400 s");
    expect((await ask(`${url}/login`)).setCookies).toHaveLength(5);
    child.kill("SIGINT");
    expect(await ended).toBe(0);
    await expect(ask(url)).rejects.toThrow("ECONNREFUSED");
  });

  it("a busy port is one line, and exit code 1", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const { said, ended } = run("start", "--target", "http://127.0.0.1:9", "--port", `${port}`);
    expect(await ended).toBe(1);
    expect(said()).toMatch(
      /^alb: --port \d+ of 127.0.0.1 is taken by another program; choose another port, or 0 for a free one\n$/,
    );
  });

  it.each([
    [
      ["--host", "203.0.113.1"],
      "--host 203.0.113.1 is not an address of this machine; choose another, like 127.0.0.1",
    ],
    [["--host", "nowhere.invalid"], "--host nowhere.invalid is a name that cannot be resolved"],
  ])("%j is one line, and exit code 1", async (flags, sentence) => {
    const { said, ended } = run("start", "--target", "http://127.0.0.1:9", ...flags);
    expect(await ended).toBe(1);
    expect(said()).toMatch(/^alb: .*\n$/);
    expect(said()).toContain(sentence);
  });

  it.each([
    ["nowhere.invalid:3001", /ENOTFOUND|EAI_AGAIN/],
    ["127.0.0.1:9", /connection refused/],
  ])("a target at %s is shown with what is wrong, and the emulator runs on", async (address, problem) => {
    const { child, said, ended } = run("start", "--target", `http://${address}`);
    await waitUntil("it listens", () => said().includes("stop      Ctrl-C"));
    const [, told] = new RegExp(`^http://${address} is initial \\((.*)\\)$`, "m").exec(said()) ?? [];
    expect(told).toMatch(problem);
    const url = /listening (\S+)/.exec(said())?.[1] ?? "";
    expect((await ask(url)).status).toBe(502);
    child.kill("SIGINT");
    expect(await ended).toBe(0);
  });
});

describe("alb check", () => {
  async function check(
    stickiness: Parameters<Alb["setStickiness"]>[0],
    path: string,
    ...flags: string[]
  ): Promise<{ readonly code: number; readonly said: string }> {
    farm = await startFarm(["A", "B"]);
    alb = await startAlb({ targets: farm.map(({ url }) => url), stickiness });
    return listen("check", alb.url + path, "--requests", "5", ...flags);
  }

  const byHeader = ["--instance-header", "X-Instance"] as const;

  it("says STICKY when it is", async () => {
    const { said, code } = await check({ type: "app_cookie", cookieName: "MYAPP" }, "/login", ...byHeader);
    expect(said).toContain("\nSTICKY\n");
    expect(said).toContain("All 5 answers came from one instance.");
    expect(code).toBe(0);
  });

  it("knows a wrong cookie name by the four _remove_", async () => {
    const flags = [...byHeader, "--app-cookie-name", "MYAPP"];
    const { said, code } = await check({ type: "app_cookie", cookieName: "OTHER" }, "/login", ...flags);
    expect(said).toContain("\nNOT STICKY\n");
    expect(said).toContain("All four AWSALBAPP cookies are _remove_ on every answer");
    expect(said).toContain("The application set: MYAPP.");
    expect(said).toContain("MYAPP is set, so the target group is configured with another name");
    expect(code).toBe(1);
  });

  it("knows that no stickiness is on, and says when it cannot tell", async () => {
    const { said } = await check({ type: "none" }, "/");
    expect(said).toContain("\nCANNOT TELL\n");
    expect(said).toContain("No cookie of an AWS load balancer was set");
    expect(said).toContain("give --instance-header or --instance-cookie");
  });

  it("as JSON has no cookie values", async () => {
    const { said } = await check({ type: "lb_cookie" }, "/login", ...byHeader, "--json");
    const report = JSON.parse(said);
    expect(report).toMatchObject({ isSticky: true, answers: expect.any(Array) });
    expect(report.answers[0].set).toEqual(["AWSALB", "AWSALBCORS", "MYAPP"]);
    expect(said).not.toContain("abc");
  });
});
