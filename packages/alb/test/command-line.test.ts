import { describe, expect, it } from "vitest";
import { diagnose } from "../src/check/diagnose.ts";
import { Jar } from "../src/check/jar.ts";
import type { Visit } from "../src/check/visit.ts";
import { startFlags } from "../src/command/flags.ts";
import { readStart } from "../src/command/read-start.ts";
import { listen } from "./listen.ts";

const target = ["--target", "http://127.0.0.1:9"] as const;

describe("what cannot be, by the name of its flag", () => {
  it.each<[string[], string]>([
    [["frobnicate"], "frobnicate is not a command; there are start and check"],
    [["start"], "--target is missing"],
    [["start", "--target", "nonsense"], '--target has "nonsense"; a target is a scheme, a host and a port'],
    [["start", ...target, "--bogus"], "--bogus"],
    [["start", ...target, "--port", "http"], '--port is "http"; it must be a number'],
    [["start", ...target, "--port", "70000"], "--port is 70000; it must be a whole number from 0 to 65535"],
    [
      ["start", ...target, "--stickiness", "app_cookie"],
      "--app-cookie-name is missing. You must set an application cookie name",
    ],
    [
      ["start", ...target, "--app-cookie-name", "AWSALBAPP"],
      '--app-cookie-name "AWSALBAPP" starts with AWSALB',
    ],
    [["start", ...target, "--duration", "soon"], '--duration is "soon"; it must be a time'],
    [
      ["start", ...target, "--stickiness", "lb_cookie", "--duration", "8d"],
      "--duration is 691200; it must be a whole number from 1 to 604800",
    ],
    [
      ["start", ...target, "--health-interval", "1s"],
      "--health-interval is 1; it must be a whole number from 5 to 300, as on AWS",
    ],
    [["start", ...target, "--group", "blue"], '--group is "blue"; it must be like'],
    [
      ["start", ...target, "--group", "blue=http://127.0.0.1:9"],
      "--target and targetGroups exclude each other",
    ],
    [["start", ...target, "--assume", "x=y"], '--assume is "x=y"; it must be NAME=VALUE'],
    [["start", ...target, "--assume", "repin=maybe"], "assume.repin"],
    [
      ["start", ...target, "--tls-key", "/nowhere"],
      '--tls-key is "/nowhere"; it must be a file that can be read',
    ],
    [["check"], "name one address"],
    [["check", "ftp://x"], "name one address"],
    [["check", "http://127.0.0.1:9/", "--requests", "1"], "--requests is"],
    [["check", "http://127.0.0.1:9/"], "http://127.0.0.1:9 does not answer: ECONNREFUSED"],
  ])("%j", async (args, sentence) => {
    const { code, said } = await listen(...args);
    expect(said).toMatch(/^alb: /);
    expect(said).toContain(sentence);
    expect(said).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });

  it("help names every flag", async () => {
    const { code, said } = await listen("start", "--help");
    expect(code).toBe(0);
    for (const { name } of startFlags) expect(said).toContain(`--${name}`);
    expect((await listen("--help")).said).toContain("alb check");
  });
});

describe("flags as options", () => {
  it("fill what they say", () => {
    const line = `--target http://a:1 --target http://b:2 --stickiness app_cookie --app-cookie-name MYAPP --duration 1d
      --port 8080 --health-path /up --health-interval 5s --slow-start 30 --assume validPair=keep --assume groupFailover=true
      --xff-client-port --status-path off --time-scale 0.1`;
    expect(readStart(line.split(/\s+/))).toEqual({
      targets: ["http://a:1", "http://b:2"],
      stickiness: { type: "app_cookie", cookieName: "MYAPP", durationSeconds: 86_400 },
      port: 8080,
      healthCheck: { path: "/up", intervalSeconds: 5 },
      slowStartSeconds: 30,
      assume: { validPair: "keep", groupFailover: true },
      xForwardedForClientPort: true,
      statusPath: false,
      timeScale: 0.1,
    });
  });

  it("weighted groups", () => {
    const line = [
      "--group",
      "blue:90=http://a:1,http://b:2",
      "--group",
      "green=http://c:3",
      "--group-duration",
      "1h",
    ];
    expect(readStart(line)).toEqual({
      targetGroups: [
        { name: "blue", weight: 90, targets: ["http://a:1", "http://b:2"] },
        { name: "green", weight: 1, targets: ["http://c:3"] },
      ],
      groupStickiness: { durationSeconds: 3_600 },
    });
  });
});

describe("the checker's cookie jar", () => {
  const https = new URL("https://app.example.com/login/start");
  it.each([
    ["a=1", https, null],
    ["a=1; Secure; SameSite=None", https, null],
    ["a=1; Secure", new URL("http://app.example.com/"), "it is Secure, and this address is plain HTTP"],
    ["a=1; Secure", new URL("http://127.0.0.1:8080/"), null],
    ["a=1; SameSite=None", https, "SameSite=None without Secure"],
    ["a=1; Domain=example.com", https, null],
    ["a=1; Domain=other.com", https, "its Domain other.com is not this host"],
    ["nonsense", https, "it has no name"],
  ])("%s at %s: %s", (line, url, expected) => expect(new Jar().take(line, url, 0)).toBe(expected));

  it("sends what fits the path and is in date", () => {
    const jar = new Jar();
    const lines = [
      "root=1; Path=/",
      "here=2",
      "other=3; Path=/admin",
      "short=4; Path=/; Max-Age=10",
      "old=5; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT",
    ];
    for (const line of lines) jar.take(line, https, 5_000);
    expect(jar.header(https, 6_000)).toBe("root=1; here=2; short=4");
    expect(jar.header(https, 20_000)).toBe("root=1; here=2");
    expect(jar.header(new URL("https://app.example.com/"), 20_000)).toBe("root=1");
    jar.take("root=; Path=/; Max-Age=0", https, 20_000);
    expect(jar.header(https, 20_000)).toBe("here=2");
  });
});

describe("the diagnosis", () => {
  const visit = (
    instance: string | undefined,
    set: Record<string, string>,
    more: Partial<Visit> = {},
  ): Visit => ({
    status: 200,
    instance,
    set: Object.entries(set).map(([name, value]) => ({ name, value })),
    refused: [],
    sent: "",
    ...more,
  });
  const removed = { "AWSALBAPP-0": "_remove_", "AWSALBAPP-1": "_remove_" };

  it.each<[string, readonly Visit[], string | undefined, boolean | null, string]>([
    [
      "weighted groups with app_cookie",
      [visit("A", { ...removed, AWSALBTG: "x" }), visit("B", removed)],
      undefined,
      false,
      "does not work with weighted target groups",
    ],
    [
      "an application that sets nothing",
      [visit("A", removed), visit("A", removed)],
      "MYAPP",
      true,
      "The application set no cookie at all.",
    ],
    [
      "a cookie that is not set here",
      [visit("A", { ...removed, sid: "1" }), visit("B", removed)],
      "MYAPP",
      false,
      "MYAPP is not set: let the application set it",
    ],
    [
      "a reserved name",
      [visit("A", {}), visit("A", {})],
      "AWSALBX",
      true,
      "The cookie name AWSALBX starts with AWSALB",
    ],
    [
      "a refused cookie",
      [
        visit("A", { s: "1" }, { refused: [{ name: "s", reason: "SameSite=None without Secure" }] }),
        visit("B", {}),
      ],
      undefined,
      false,
      "A browser refuses s: SameSite=None without Secure.",
    ],
    [
      "a move although the cookie was sent",
      [visit("A", { AWSALB: "x" }), visit("B", { AWSALB: "y" }, { sent: "AWSALB=x" })],
      undefined,
      false,
      "Request 2 reached another instance than request 1, although AWSALB was sent.",
    ],
    [
      "a Classic balancer",
      [visit("A", { AWSELB: "x" }), visit("A", {})],
      undefined,
      true,
      "a Classic Load Balancer with stickiness",
    ],
    [
      "an instance that is not named",
      [visit(undefined, {}), visit(undefined, {})],
      undefined,
      null,
      "Nothing named the instance",
    ],
  ])("%s", (_what, visits, name, isSticky, sentence) => {
    const diagnosis = diagnose(visits, name);
    expect(diagnosis.isSticky).toBe(isSticky);
    expect(diagnosis.findings.join("\n")).toContain(sentence);
  });
});
