import { randomBytes } from "node:crypto";
import { waitUntil } from "@unstick/testbed";
import { monitorRedis } from "@unstick/testbed/redis-monitor";
import { Redis } from "ioredis";
import { cookieOf } from "./cookies.ts";
import type { Env } from "./env.ts";
import { startFleet } from "./fleet.ts";
import type { Row } from "./row.ts";
import { middlewares, ours, peers, type Subject } from "./subjects.ts";
import { open } from "./visit.ts";

/** One kind of request, and how many commands it must cost. */
interface Case {
  readonly name: string;
  readonly mustBe: number;
  readonly page: string;
  /** The page that makes the session beforehand; else: a cookie that no session belongs to. */
  readonly before?: string;
  readonly cookie?: (subject: Subject) => string;
  /** Only where we made the ids: under express-session and koa-session any id may be one of theirs. */
  readonly isOfOurIds?: boolean;
}

const newId = (): string => randomBytes(32).toString("base64url");

const cases: readonly Case[] = [
  { name: "anonymous", mustBe: 0, page: "/me", cookie: () => "" },
  { name: "read-only", mustBe: 1, page: "/me", before: "/login" },
  { name: "write", mustBe: 2, page: "/count", before: "/login" },
  { name: "write that sets the principal", mustBe: 3, page: "/login", before: "/count" },
  { name: "stale cookie", mustBe: 1, page: "/me", cookie: (subject) => cookieOf(subject, newId()) },
  { name: "malformed cookie", mustBe: 0, page: "/me", cookie: () => "connect.sid=%ff; koa.sess=../x" },
  {
    name: "malformed id, well signed",
    mustBe: 0,
    page: "/me",
    cookie: (subject) => cookieOf(subject, "of-no-known-form"),
    isOfOurIds: true,
  },
  {
    name: "forged signature",
    mustBe: 0,
    page: "/me",
    cookie: (subject) => forge(cookieOf(subject, newId())),
  },
];

/** Commands that Redis gets for one request, by MONITOR, once it knows the scripts. */
export async function prove(_count: number, env: Env): Promise<readonly Row[]> {
  const seen = new Map<Subject, ReadonlyMap<string, number>>();
  for (const subject of [...ours, ...peers]) seen.set(subject, await countCommands(subject, env));
  return cases.map(({ name, mustBe, isOfOurIds = false }) => {
    const bound = isOfOurIds ? middlewares : ours;
    const say = (subject: Subject): string => `${subject} ${seen.get(subject)?.get(name)}`;
    return {
      measure: `commands: ${name}`,
      mustBe: `${mustBe}`,
      ours: bound.map(say).join("; "),
      peer: peers.map(say).join("; "),
      held: bound.every((subject) => seen.get(subject)?.get(name) === mustBe),
    };
  });
}

async function countCommands(subject: Subject, env: Env): Promise<ReadonlyMap<string, number>> {
  const prefix = `commands-${subject}:`;
  const fleet = await startFleet([{ subject, redisUrl: env.redis.url, prefix, hasPrincipal: true }]);
  const redis = new Redis(env.redis.url);
  const watch = await watchCommands(redis);
  try {
    const counts = new Map<string, number>();
    // The first round teaches Redis the scripts.
    for (const round of ["learn", "count"]) {
      for (const one of cases) {
        const { before, cookie } = one;
        const shown = before === undefined ? cookie?.(subject) : (await open(fleet.at(0, before))).cookie;
        const count = await watch.during(() => open(fleet.at(0, one.page), shown));
        if (round === "count") counts.set(one.name, count);
      }
    }
    env.note(`  commands: ${subject}, ${[...counts.values()].join(" ")}`);
    return counts;
  } finally {
    watch.stop();
    redis.disconnect();
    await fleet.stop();
  }
}

interface CommandWatch {
  /** How many commands reach Redis while `work` runs; what a script does inside is not counted. */
  during(work: () => Promise<unknown>): Promise<number>;
  stop(): void;
}

async function watchCommands(redis: Redis): Promise<CommandWatch> {
  const seen: string[] = [];
  const monitor = await monitorRedis(redis.options.port ?? 6379, (words, source) => {
    if (source !== "lua") seen.push(words[0]?.toUpperCase() ?? "");
  });
  const mark = async (): Promise<void> => {
    const marks = (): number => seen.filter((word) => word === "ECHO").length;
    const before = marks();
    await redis.echo("mark");
    await waitUntil("MONITOR has shown the mark", () => marks() > before);
  };
  return {
    during: async (work) => {
      await mark();
      seen.length = 0;
      await work();
      await mark();
      return seen.length - 1;
    },
    stop: () => monitor.stop(),
  };
}

/** Another last character but one: the last may carry bits that count for nothing. */
function forge(cookie: string): string {
  const other = cookie.at(-2) === "A" ? "B" : "A";
  return cookie.slice(0, -2) + other + cookie.slice(-1);
}
