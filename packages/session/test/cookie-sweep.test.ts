import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { memoryBackend, OptionError } from "@unstick/session";
import { session } from "@unstick/session/express";
import { session as koaSession } from "@unstick/session/koa";
import { isStored, lost } from "@unstick/testbed/strict-browser";
import Koa from "koa";
import { describe, expect, it } from "vitest";

/** Every combination of these is given to `session()`. */
const values = {
  name: ["connect.sid", "__Secure-sid", "__Host-sid", "__Http-sid", "__Host-Http-sid"],
  secure: [undefined, true, false, "auto"],
  sameSite: [undefined, true, false, "lax", "strict", "none", "auto"],
  partitioned: [undefined, true],
  httpOnly: [undefined, false],
  path: [undefined, "/app"],
  domain: [undefined, "example.com"],
} as const;
type Choice = { readonly [Name in keyof typeof values]: (typeof values)[Name][number] };

function* choices(): Generator<Choice> {
  const names = Object.keys(values) as (keyof typeof values)[];
  const all = names.reduce<Partial<Choice>[]>(
    (some, name) => some.flatMap((one) => values[name].map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
  yield* all as Choice[];
}

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** One request to an application in this process, without a socket. Answers its session cookies. */
async function ask(listener: Listener, path: string, url: URL, cookie: string): Promise<string[]> {
  const request = new IncomingMessage(new Socket());
  request.method = "GET";
  request.url = `/app${path}`;
  request.headers = { host: url.host, "x-forwarded-proto": url.protocol.slice(0, -1), cookie };
  const response = new ServerResponse(request);
  const ended = new Promise((resolve) => {
    const { end } = response;
    response.end = ((...args: unknown[]) => {
      setImmediate(resolve, undefined);
      return Reflect.apply(end, response, args) as ServerResponse;
    }) as typeof response.end;
  });
  listener(request, response);
  await ended;
  const lines = response.getHeader("set-cookie") ?? [];
  return typeof lines === "string" ? [lines] : (lines as string[]);
}

function expressLike({ name, ...cookie }: Choice): Listener {
  const given = Object.fromEntries(Object.entries(cookie).filter(([, value]) => value !== undefined));
  const visits = session({ backend: memoryBackend(), secret: "x", proxy: true, name, cookie: given });
  return (request, response) =>
    visits(request, response, () => {
      Object.assign(visits.of(request), { user: "ann" });
      if (request.url === "/app/begin") response.end();
      else
        void visits
          .of(request)
          .logout()
          .then(() => response.end());
    });
}

function koaLike({ name, secure, sameSite, ...cookie }: Choice): Listener {
  const app = new Koa({ proxy: true });
  app.keys = ["x"];
  app.silent = true;
  const given = Object.fromEntries(
    Object.entries({ ...cookie, secure, sameSite }).filter(([, value]) => value !== undefined),
  );
  app.use(koaSession({ backend: memoryBackend(), key: name, ...(given as object) }, app));
  app.use(async (context) => {
    const ctx = context as unknown as Koa.Context & { session: { user?: string; logout(): Promise<void> } };
    ctx.session.user = "ann";
    ctx.body = "";
    if (ctx.path !== "/app/begin") await ctx.session.logout();
  });
  return app.callback();
}

const sites = ["https://app.example.com/app/begin", "http://app.example.com/app/begin"];

/** What is wrong with the cookies of one application, as a strict browser sees it; `undefined`: nothing. */
async function faultOf(listener: Listener): Promise<string | undefined> {
  let given = 0;
  for (const site of sites) {
    const url = new URL(site);
    const set = await ask(listener, "/begin", url, "");
    const shown = set.map((line) => line.split(";", 1)[0]).join("; ");
    const cleared = await ask(listener, "/logout", url, shown);
    given += set.length;
    for (const [at, line] of set.entries()) {
      if (!(await isStored(line, site))) return `${site}: dropped: ${line}`;
      const why = await lost(line, cleared[at] ?? "", site);
      if (why !== null) return `${site}: ${why}: ${line} / ${cleared[at]}`;
    }
  }
  return given === 0 ? "no cookie over HTTPS either" : undefined;
}

async function sweep(make: (choice: Choice) => Listener): Promise<{ accepted: number; faults: string[] }> {
  const faults: string[] = [];
  let accepted = 0;
  for (const choice of choices()) {
    let listener: Listener;
    try {
      listener = make(choice);
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      continue;
    }
    accepted += 1;
    const fault = await faultOf(listener);
    if (fault !== undefined) faults.push(`${JSON.stringify(choice)} ${fault}`);
  }
  return { accepted, faults };
}

describe("every combination of cookie options is refused at construction, or kept by a strict browser", () => {
  it.each([
    ["Express", expressLike],
    ["Koa", koaLike],
  ] as const)(
    "on %s",
    async (_name, make) => {
      const { accepted, faults } = await sweep(make);
      expect(faults.slice(0, 5)).toEqual([]);
      expect(accepted).toBeGreaterThan(100);
    },
    180_000,
  );
});
