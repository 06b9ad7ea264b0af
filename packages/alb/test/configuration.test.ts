import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { AlbError, type AlbOptions, startAlb } from "../src/index.ts";
import { explainListening } from "../src/proxy/listen-error.ts";

const target = "http://127.0.0.1:9";
const base = { targets: [target] } as const;
const app = (cookieName?: string): AlbOptions["stickiness"] => ({
  type: "app_cookie",
  ...(cookieName !== undefined && { cookieName }),
});

const pem = (what: string): string => `-----BEGIN ${what}-----\nabc\n-----END ${what}-----\n`;

/** Each option that AWS refuses, and each that makes no sense here, by name. */
const refused: readonly (readonly [option: string, sentence: string, options: object])[] = [
  [
    "stickiness.cookieName",
    "You must set an application cookie name to enable stickiness of type 'app_cookie'",
    { stickiness: app() },
  ],
  [
    "stickiness.cookieName",
    "You must set an application cookie name",
    { stickiness: { type: "clb_app_cookie" } },
  ],
  [
    "stickiness.cookieName",
    "prefixes AWSALB, AWSALBAPP and AWSALBTG are not allowed",
    { stickiness: app("AWSALB") },
  ],
  [
    "stickiness.cookieName",
    "prefixes AWSALB, AWSALBAPP and AWSALBTG are not allowed",
    { stickiness: app("AWSALBAPP-0") },
  ],
  ["stickiness.cookieName", "reserves", { stickiness: app("AWSALBTGx") }],
  ["stickiness.cookieName", "reserves", { stickiness: app("awsalbCORS") }],
  ["stickiness.cookieName", "reserves", { stickiness: app("AWSELB") }],
  ["stickiness.cookieName", "RFC 6265", { stickiness: app("my app") }],
  [
    "stickiness.cookieName",
    "has no meaning with type lb_cookie",
    { stickiness: { type: "lb_cookie", cookieName: "A" } },
  ],
  ["stickiness.type", "must be one of", { stickiness: { type: "cookie" } }],
  ["stickiness.durationSeconds", "from 1 to 604800", { stickiness: { ...app("A"), durationSeconds: 0 } }],
  [
    "stickiness.durationSeconds",
    "from 1 to 604800",
    { stickiness: { ...app("A"), durationSeconds: 604_801 } },
  ],
  ["stickiness.durationSeconds", "whole number", { stickiness: { type: "lb_cookie", durationSeconds: 1.5 } }],
  ["stickiness.durationSeconds", "from 0 to", { stickiness: { type: "clb_duration", durationSeconds: -1 } }],
  ["stickiness.duration", "is not an option", { stickiness: { type: "none", duration: 5 } }],
  ["stickiness.type", "weighted_random", { stickiness: { type: "lb_cookie" }, algorithm: "weighted_random" }],
  ["crossZone", "cross-zone load balancing is off", { stickiness: { type: "lb_cookie" }, crossZone: false }],
  [
    "groupStickiness",
    "You must enable group stickiness on a rule",
    {
      targets: undefined,
      targetGroups: [
        { name: "a", targets: [target], stickiness: app("A") },
        { name: "b", targets: [target] },
      ],
    },
  ],
  ["groupStickiness.durationSeconds", "from 1 to 604800", { groupStickiness: { durationSeconds: 0 } }],
  [
    "targetGroups",
    "at most 5",
    {
      targets: undefined,
      targetGroups: Array.from({ length: 6 }, (_, n) => ({ name: `${n}`, targets: [] })),
    },
  ],
  [
    "targetGroups",
    "two groups of one name",
    {
      targets: undefined,
      targetGroups: [
        { name: "a", targets: [] },
        { name: "a", targets: [] },
      ],
    },
  ],
  ["targetGroups", "is empty", { targets: undefined, targetGroups: [] }],
  [
    "targetGroups",
    "default action",
    { targets: undefined, targetGroups: [{ name: "a", targets: [], pathPattern: "/x" }] },
  ],
  [
    "targetGroups.wieght",
    "is not an option",
    { targets: undefined, targetGroups: [{ name: "a", targets: [], wieght: 1 }] },
  ],
  [
    "weight",
    "from 0 to 999",
    { targets: undefined, targetGroups: [{ name: "a", targets: [], weight: 1_000 }] },
  ],
  ["targets", "exclude each other", { targetGroups: [{ name: "a", targets: [] }] }],
  ["targets", "is missing", { targets: undefined }],
  ["targets", "a scheme, a host and a port", { targets: ["127.0.0.1:3001"] }],
  ["targets", "a scheme, a host and a port", { targets: ["http://127.0.0.1:3001/path"] }],
  ["algorithm", "must be one of", { algorithm: "random" }],
  ["protocolVersion", "must be one of", { protocolVersion: "HTTP3" }],
  ["slowStartSeconds", "0 (off) or a whole number from 30 to 900", { slowStartSeconds: 29 }],
  [
    "slowStartSeconds",
    "cannot be combined",
    { slowStartSeconds: 30, algorithm: "least_outstanding_requests" },
  ],
  ["slowStartSeconds", "cannot be combined", { slowStartSeconds: 30, algorithm: "weighted_random" }],
  ["deregistrationDelaySeconds", "from 0 to 3600", { deregistrationDelaySeconds: 3_601 }],
  ["healthCheck.intervalSeconds", "from 5 to 300, as on AWS", { healthCheck: { intervalSeconds: 4 } }],
  ["healthCheck.timeoutSeconds", "from 2 to 120", { healthCheck: { timeoutSeconds: 1 } }],
  [
    "healthCheck.timeoutSeconds",
    "smaller than the interval",
    { healthCheck: { intervalSeconds: 5, timeoutSeconds: 5 } },
  ],
  ["healthCheck.healthyThreshold", "from 2 to 10", { healthCheck: { healthyThreshold: 1 } }],
  ["healthCheck.unhealthyThreshold", "from 2 to 10", { healthCheck: { unhealthyThreshold: 11 } }],
  ["healthCheck.matcher", "within 200-499", { healthCheck: { matcher: "500" } }],
  ["healthCheck.matcher", "within 200-499", { healthCheck: { matcher: "ok" } }],
  ["healthCheck.path", "must start with /", { healthCheck: { path: "health" } }],
  ["healthCheck.port", "from 1 to 65535", { healthCheck: { port: 0 } }],
  ["healthCheck.intervall", "is not an option", { healthCheck: { intervall: 5 } }],
  ["port", "from 0 to 65535", { port: 70_000 }],
  ["idleTimeoutSeconds", "from 1 to 4000", { idleTimeoutSeconds: 0 }],
  ["clientKeepAliveSeconds", "from 60 to 604800", { clientKeepAliveSeconds: 59 }],
  ["xForwardedFor", "must be one of", { xForwardedFor: "delete" }],
  ["statusPath", "a path like /_alb", { statusPath: "alb" }],
  ["timeScale", "from 0.001 to 1", { timeScale: 0 }],
  ["tls", "as PEM text", { tls: { key: "a", cert: "b" } }],
  ["tls", "do not serve together", { tls: { key: pem("PRIVATE KEY"), cert: pem("CERTIFICATE") } }],
  ["host", "is empty", { host: "" }],
  ["assume.repin", "must be reissue or remove", { assume: { repin: "maybe" } }],
  ["assume.repinn", "is not an option", { assume: { repinn: "reissue" } }],
  ["stickyness", "is not an option", { stickyness: app("A") }],
];

describe("options", () => {
  it.each(refused)("%s: %s", async (option, sentence, options) => {
    const error = await startAlb({ ...withoutUndefined({ ...base, ...options }) } as AlbOptions).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(AlbError);
    expect(error).toMatchObject({
      code: "ERR_UNSTICK_ALB_OPTION",
      option,
      message: expect.stringContaining(sentence),
    });
  });

  it("are not changed", async () => {
    const options = Object.freeze({
      targets: Object.freeze([]),
      stickiness: Object.freeze({ type: "none" as const }),
    });
    const alb = await startAlb(options);
    await alb.close();
    expect(options).toEqual({ targets: [], stickiness: { type: "none" } });
  });

  it("a busy port is a sentence", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    await expect(startAlb({ targets: [], port })).rejects.toMatchObject({
      code: "ERR_UNSTICK_ALB_LISTEN",
      message: `port ${port} of 127.0.0.1 is taken by another program; choose another port, or 0 for a free one`,
    });
  });

  it.each([
    ["EACCES", "port", "port 80 of ::1 is not allowed to this user; choose one above 1023"],
    ["EAFNOSUPPORT", "host", "host ::1 is of an address family that this machine does not have"],
    ["EMFILE", "port", "port 80 of ::1 cannot be listened on: listen EMFILE"],
  ])("%s at the start names the %s", (code, option, sentence) => {
    const cause = Object.assign(new Error(`listen ${code}`), { code });
    const error = explainListening(cause, 80, "::1");
    expect(error).toMatchObject({ code: "ERR_UNSTICK_ALB_LISTEN", option, cause });
    expect(error.message).toContain(sentence);
  });

  it("an unknown target cannot be deregistered, and of several groups one must be named", async () => {
    const groups = ["a", "b"].map((name) => ({ name, targets: [] }));
    const alb = await startAlb({ targetGroups: groups });
    onTestFinished(() => alb.close());
    await expect(alb.deregister(target, "a")).rejects.toMatchObject({ code: "ERR_UNSTICK_ALB_TARGET" });
    expect(() => alb.register(target)).toThrow("name one of a, b");
    expect(() => alb.register("nonsense", "a")).toThrow("a target is a scheme");
  });
});

function withoutUndefined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
