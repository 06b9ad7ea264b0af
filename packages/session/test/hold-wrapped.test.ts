import type { ServerResponse } from "node:http";
import { Transform } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { type App, hosts, startApp, testBackend } from "./session-app.ts";

const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

/** What `compression` does to a response: what is written goes through a stream, and an end is an end. */
function encode(res: ServerResponse): void {
  const { write, end } = res;
  const stream = new Transform({
    transform: (chunk, _encoding, done) => done(null, String(chunk).toUpperCase()),
  });
  stream.on("data", (chunk) => void Reflect.apply(write, res, [chunk]));
  stream.on("end", () => void Reflect.apply(end, res, []));
  let isEnded = false;
  Object.assign(res, {
    write: (chunk: string) => !isEnded && stream.write(chunk),
    end: (chunk?: string) => {
      if (isEnded) return false;
      isEnded = true;
      return stream.end(chunk);
    },
  });
}

describe.each(hosts)("a response on %s that somebody wraps after session()", (host) => {
  async function start(verb?: "create"): Promise<App> {
    const backend = testBackend();
    if (verb !== undefined) backend.failing.add(verb);
    backend.before = () => new Promise((resolve) => setTimeout(resolve, 10));
    const app = await startApp(
      { backend },
      {
        "/whole": (req, res) => {
          encode(res);
          req.session.user = "ann";
          res.end("said");
        },
        "/parts": (req, res) => {
          encode(res);
          req.session.user = "ann";
          res.write("sa");
          setTimeout(() => res.end("id"), 2);
        },
      },
      host,
    );
    apps.push(app);
    return app;
  }

  it.each(["/whole", "/parts"])("leaves through the wrap when it is stored (%s)", async (path) => {
    const { status, body, cookies } = await (await start()).browser().get(path);
    expect({ status, body, cookies: cookies.size }).toEqual({ status: 200, body: "SAID", cookies: 1 });
  });

  it.each(["/whole", "/parts"])(
    "is the error's answer, without the wrap, when it is not (%s)",
    async (path) => {
      const { status, body, cookies } = await (await start("create")).browser().get(path);
      expect({ status, cookies: cookies.size }).toEqual({ status: 503, cookies: 0 });
      expect(body).toContain("create failed");
    },
  );
});
