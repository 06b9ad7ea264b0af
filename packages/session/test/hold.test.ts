import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import express from "express";
import express4 from "express4";
import Koa from "koa";
import Koa2 from "koa2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holdResponse } from "../src/http/hold.ts";
import { ask, gate, type Handler, held, hooks, serve } from "./hold-server.ts";

let folder: string;
let file: string;
const large = "0123456789abcdef".repeat(20_000);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unstick-hold-"));
  file = join(folder, "page.txt");
  await writeFile(file, large);
});
afterAll(() => rm(folder, { recursive: true }));

function* ticks(): Generator<string> {
  for (let at = 0; at < 3; at += 1) yield `data: ${at}\n\n`;
}

/** Every way to answer with `node:http` alone. */
const ways: Record<string, Handler> = {
  "end()": (_req, res) => res.end(),
  "end(text)": (_req, res) => res.end("text"),
  "end(text, encoding)": (_req, res) => res.end("dGV4dA==", "base64"),
  "end(null)": (_req, res) => res.end(null),
  "end(buffer, callback)": (_req, res) => res.end(Buffer.from("x"), () => undefined),
  "end twice": (_req, res) => {
    res.end("first");
    res.end();
  },
  "write, end": (_req, res) => {
    res.write("one ");
    res.write(Buffer.from("two "), () => undefined);
    res.end("three");
  },
  "write, later end": (_req, res) => {
    res.write("one ");
    setImmediate(() => res.end("two"));
  },
  "writeHead(status)": (_req, res) => res.writeHead(201).end("made"),
  "writeHead(status, fields)": (_req, res) => res.writeHead(200, { "X-A": "1", "X-B": ["2", "3"] }).end("x"),
  "writeHead(status, message)": (_req, res) => res.writeHead(202, "Fine").end(),
  "writeHead(status, message, fields)": (_req, res) => res.writeHead(202, "Fine", { "X-A": "1" }).end(),
  "writeHead(status, undefined, fields)": (_req, res) =>
    (res.writeHead as (...args: unknown[]) => ServerResponse)(202, undefined, { "X-A": "1" }).end(),
  "writeHead with a flat list": (_req, res) =>
    res.writeHead(200, ["X-A", "1", "X-A", "2", "X-B", "3"]).end("x"),
  "writeHead over setHeader": (_req, res) => {
    res.setHeader("X-A", "old");
    res.setHeader("X-C", "kept");
    res.writeHead(200, { "x-a": "new" }).end("x");
  },
  "writeHead with a list over setHeader": (_req, res) => {
    res.setHeader("X-A", "old");
    res.writeHead(200, ["x-a", "1", "X-B", "2"]).end("x");
  },
  "204": (_req, res) => res.writeHead(204).end(),
  "304": (_req, res) => res.writeHead(304, { ETag: '"a"' }).end(),
  redirect: (_req, res) => res.writeHead(302, { Location: "/next" }).end(),
  "content-length in two parts": (_req, res) => {
    res.setHeader("Content-Length", "6");
    res.write("abc");
    res.end("def");
  },
  flushHeaders: (_req, res) => {
    res.setHeader("X-Early", "1");
    res.flushHeaders();
    setImmediate(() => res.end("late"));
  },
  "server-sent events": (_req, res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream" });
    res.flushHeaders();
    for (const tick of ticks()) res.write(tick);
    res.end();
  },
  trailers: (_req, res) => {
    res.writeHead(200, { Trailer: "X-Sum" });
    res.write("body");
    res.addTrailers({ "X-Sum": "4" });
    res.end();
  },
  "pipe with backpressure": (_req, res) => createReadStream(file, { highWaterMark: 1024 }).pipe(res),
  "pipeline()": (_req, res) => pipeline(createReadStream(file), res).catch(() => undefined),
  "a writer that waits for drain": async (_req, res) => {
    for (let at = 0; at < 20; at += 1) {
      if (!res.write(large)) await new Promise((resolve) => res.once("drain", resolve));
    }
    res.end();
  },
  "early hints, then an answer": (_req, res) => {
    res.writeEarlyHints({ link: "</a.css>; rel=preload" });
    res.end("page");
  },
  "processing, then an answer": (_req, res) => {
    res.writeProcessing();
    res.end("page");
  },
  "cork and uncork": (_req, res) => {
    res.cork();
    res.write("a");
    res.write("b");
    res.uncork();
    res.end("c");
  },
};

/** Every way of Express, on both majors. */
function expressWay(create: typeof express, use: (res: express.Response) => unknown): Handler {
  const app = create();
  app.use((_req, res) => void use(res));
  return app as unknown as Handler;
}
const expressUses: Record<string, (res: express.Response) => unknown> = {
  send: (res) => res.send("<p>hello</p>"),
  json: (res) => res.status(201).json({ a: 1 }),
  redirect: (res) => res.redirect("/next"),
  sendStatus: (res) => res.sendStatus(204),
  render: (res) => {
    res.app.engine("txt", (_path, _options, done) => done(null, "rendered"));
    res.app.set("views", folder);
    res.render("page.txt");
  },
  sendFile: (res) => res.sendFile(file, { lastModified: false }),
  download: (res) => res.download(file, "a.txt", { lastModified: false }),
  cookie: (res) => res.cookie("a", "1").end("x"),
};
for (const [name, use] of Object.entries(expressUses)) {
  ways[`Express 5 ${name}`] = (req, res) => expressWay(express, use)(req, res);
  ways[`Express 4 ${name}`] = (req, res) => expressWay(express4 as typeof express, use)(req, res);
}

const koaUses: Record<string, (ctx: Parameters<Koa.Middleware>[0]) => unknown> = {
  text: (ctx) => {
    ctx.body = "text";
  },
  json: (ctx) => {
    ctx.body = { a: 1 };
  },
  stream: (ctx) => {
    ctx.body = createReadStream(file);
  },
  redirect: (ctx) => ctx.redirect("/next"),
  empty: (ctx) => {
    ctx.status = 204;
  },
  "response bypassed": (ctx) => {
    ctx.respond = false;
    ctx.res.writeHead(200).end("raw");
  },
};
for (const [name, use] of Object.entries(koaUses)) {
  for (const [major, Application] of [["3", Koa] as const, ["2", Koa2 as typeof Koa] as const]) {
    ways[`Koa ${major} ${name}`] = (req, res) => {
      const app = new Application().use(use);
      app.silent = true;
      return app.callback()(req, res);
    };
  }
}

function withoutCommitField(fields: readonly string[]): string[] {
  return fields.filter((field) => !field.startsWith("X-Committed"));
}

async function answers(handler: Handler, method = "GET"): Promise<Awaited<ReturnType<typeof ask>>> {
  const server = await serve(handler);
  try {
    return await ask(server.port, { method });
  } finally {
    await server.close();
  }
}

describe("hold", () => {
  describe.each(Object.entries(ways))("%s", (_name, handler) => {
    it("sends nothing before the commit, and then what would be sent without it", async () => {
      const plain = await answers(handler);
      const commit = gate();
      let response: ServerResponse | undefined;
      const server = await serve((req, res) => {
        response = res;
        return held(handler, { commit: () => commit.enter() })(req, res);
      });
      try {
        const answer = ask(server.port);
        await commit.began;
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
        const sentBefore = response?.socket?.bytesWritten ?? 0;
        expect(response?.headersSent).toBe(false);
        commit.succeed();
        const seen = await answer;
        expect({ ...seen, fields: withoutCommitField(seen.fields) }).toEqual(plain);
        expect(seen.fields).toContain("X-Committed: yes");
        // 1xx answers pass; nothing else does.
        if (seen.informational.length === 0) expect(sentBefore).toBe(0);
      } finally {
        await server.close();
      }
    });

    it("lets it go at once when there is nothing to store", async () => {
      const plain = await answers(handler);
      const seen = await answers(held(handler));
      expect({ ...seen, fields: withoutCommitField(seen.fields) }).toEqual(plain);
      expect(seen.fields).toContain("X-Committed: yes");
    });

    it("leaves nothing of it when the commit fails", async () => {
      const seen = await answers(held(handler, { commit: () => Promise.reject(new Error("full")) }));
      const { status, fields, body, cut } = seen;
      expect({ status, fields: [...fields].sort(), body, cut }).toEqual({
        status: 503,
        fields: ["Content-Type: text/plain"],
        body: "not stored",
        cut: false,
      });
    });
  });

  it("answers HEAD without a body and with the same head", async () => {
    for (const name of ["end(text)", "Express 5 send", "Express 5 sendFile", "Koa 3 text"]) {
      const plain = await answers(ways[name] as Handler, "HEAD");
      const seen = await answers(held(ways[name] as Handler, { commit: () => Promise.resolve() }), "HEAD");
      expect({ ...seen, fields: withoutCommitField(seen.fields) }).toEqual(plain);
    }
  });

  it("lets 100 Continue pass while nothing is committed", async () => {
    const server = await serve(
      held(
        (_req, res) => {
          res.writeContinue();
          res.end("done");
        },
        { commit: () => Promise.resolve() },
      ),
    );
    const seen = await ask(server.port, { method: "POST", headers: { Expect: "100-continue" } });
    await server.close();
    expect(seen).toMatchObject({ status: 200, body: "done", informational: [100] });
  });

  it("keeps what was set before it, and only that, when the commit fails", async () => {
    const seen = await answers((_req, res) => {
      res.setHeader("X-Request-Id", "7");
      res.setHeader("X-Mode", "before");
      res.statusCode = 201;
      holdResponse(
        res,
        hooks(res, { commit: () => Promise.reject(new Error("full")), fail: () => res.end() }),
      );
      res.setHeader("X-Mode", "after");
      res.setHeader("Set-Cookie", "other=1");
      res.statusMessage = "Odd";
      res.writeHead(418, { ETag: "x" }).end("secret");
    });
    expect(seen).toMatchObject({ status: 201, message: "Created", body: "" });
    expect(seen.fields).toEqual(["X-Request-Id: 7", "x-mode: before"]);
  });

  it("drops the response when the last word on the head fails", async () => {
    const failing = (): never => {
      throw new Error("cookie");
    };
    for (const commit of [() => undefined, () => Promise.resolve()]) {
      const seen = await answers(held((_req, res) => res.end("secret"), { commit, writeHead: failing }));
      expect(seen).toMatchObject({ status: 503, body: "not stored" });
    }
  });

  it("hands a commit that throws to the same end", async () => {
    const commit = (): never => {
      throw new Error("serialise");
    };
    expect(await answers(held((_req, res) => res.end("secret"), { commit }))).toMatchObject({ status: 503 });
  });
});
