import { once } from "node:events";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, createServer as createHttp2Server, type Http2ServerResponse } from "node:http2";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import express from "express";
import express4 from "express4";
import { describe, expect, it } from "vitest";
import { holdResponse } from "../src/http/hold.ts";
import type { HoldHooks } from "../src/http/hold-hooks.ts";
import { ask, type Gate, gate, type Handler, held, hooks, type Seen, serve } from "./hold-server.ts";

/** Ask a handler whose commit waits; `meanwhile` runs while the response is held. */
async function whileHeld(
  handler: Handler,
  meanwhile: (res: ServerResponse, commit: Gate) => unknown,
  more: Partial<HoldHooks> = {},
): Promise<Seen> {
  const commit = gate();
  let response: ServerResponse | undefined;
  const server = await serve((req, res) => {
    response = res;
    return held(handler, { commit: () => commit.enter(), ...more })(req, res);
  });
  try {
    const answer = ask(server.port);
    await commit.began;
    await meanwhile(response as ServerResponse, commit);
    commit.succeed();
    return await answer;
  } finally {
    await server.close();
  }
}

describe("a response that is held", () => {
  it("is ended for the application, and finished only when it left", async () => {
    const events: string[] = [];
    await whileHeld(
      (_req, res) => {
        res.on("finish", () => events.push("finish"));
        res.end("x", () => events.push("callback"));
      },
      (res) => {
        expect(res.writableEnded).toBe(true);
        expect(res.writableFinished).toBe(false);
        expect(events).toEqual([]);
      },
    );
    expect(events).toEqual(["finish", "callback"]);
  });

  it("tells a second end() that it came too late, as Node does", async () => {
    const codes: unknown[] = [];
    const seen = await whileHeld(
      (_req, res) => {
        res.end("first");
        res.end("second", (error?: Error & { code?: string }) => codes.push(error?.code));
      },
      () => undefined,
    );
    expect(seen.body).toBe("first");
    await expect.poll(() => codes.length).toBe(1);
  });

  it("refuses a change of the head that nobody asked about, in Node's words", async () => {
    const messages: string[] = [];
    const note = (change: () => unknown): void => {
      try {
        change();
      } catch (error) {
        messages.push(`${(error as NodeJS.ErrnoException).code}: ${(error as Error).message}`);
      }
    };
    await whileHeld(
      (_req, res) => void res.end("x"),
      (res) => {
        note(() => res.setHeader("X", "1"));
        note(() => res.appendHeader("X", "1"));
        note(() => res.removeHeader("X"));
        note(() => res.writeHead(500));
      },
    );
    expect(messages).toEqual([
      "ERR_HTTP_HEADERS_SENT: Cannot set headers after they are sent to the client",
      "ERR_HTTP_HEADERS_SENT: Cannot append headers after they are sent to the client",
      "ERR_HTTP_HEADERS_SENT: Cannot remove headers after they are sent to the client",
      "ERR_HTTP_HEADERS_SENT: Cannot write headers after they are sent to the client",
    ]);
  });

  it("drops what an error handler says about a response that has ended", async () => {
    const seen = await whileHeld(
      (_req, res) => void res.writeHead(201, { "X-Mine": "1" }).end("mine"),
      (res) => {
        expect(res.headersSent).toBe(false);
        res.statusCode = 500;
        res.removeHeader("X-Mine");
        res.setHeader("Content-Type", "text/html");
        res.end("<h1>error</h1>");
      },
    );
    expect(seen).toMatchObject({ status: 201, body: "mine" });
    expect(seen.fields).toEqual(["X-Mine: 1", "X-Committed: yes"]);
  });

  it("lets an error handler answer in place of a response that has only begun", async () => {
    const dropped: unknown[] = [];
    const seen = await whileHeld(
      (_req, res) => void res.write("half an", (error) => dropped.push(error)),
      (res) => {
        expect(res.headersSent).toBe(false);
        res.statusCode = 500;
        res.setHeader("Content-Type", "text/plain");
        res.end("all of an error");
      },
    );
    expect(seen).toMatchObject({ status: 500, body: "all of an error", cut: false });
    expect(dropped).toMatchObject([{ code: "ERR_UNSTICK_RESPONSE_DROPPED" }]);
  });

  it("keeps a begun response when somebody only asks and sets, as Koa's ctx.set does", async () => {
    const seen = await whileHeld(
      (_req, res) => void res.write("half, "),
      (res) => {
        if (!res.headersSent) res.setHeader("X-Late", "1");
        res.end("whole");
      },
    );
    expect(seen).toMatchObject({ status: 200, body: "half, whole", fields: ["X-Committed: yes"] });
  });

  it("throws at once what Node would throw at once", async () => {
    const codes: unknown[] = [];
    const server = await serve(
      held(
        (_req, res) => {
          for (const chunk of [1, {}, null]) {
            try {
              res.write(chunk);
            } catch (error) {
              codes.push((error as NodeJS.ErrnoException).code);
            }
          }
          try {
            res.writeHead(99);
          } catch (error) {
            codes.push((error as NodeJS.ErrnoException).code);
          }
          res.end("x");
        },
        { commit: () => Promise.resolve() },
      ),
    );
    expect(await ask(server.port)).toMatchObject({ status: 200, body: "x" });
    await server.close();
    expect(codes).toEqual([
      "ERR_INVALID_ARG_TYPE",
      "ERR_INVALID_ARG_TYPE",
      "ERR_STREAM_NULL_VALUES",
      "ERR_HTTP_INVALID_STATUS_CODE",
    ]);
  });

  it("commits though the client went away, and nothing breaks", async () => {
    const commit = gate();
    const closed = gate();
    const server = await serve((_req, res) => {
      res.on("close", () => closed.succeed());
      holdResponse(res, hooks(res, { commit: () => commit.enter() }));
      res.write("a", () => undefined);
      res.end("b");
    });
    const req = request({ port: server.port, host: "127.0.0.1" }).on("error", () => undefined);
    req.end();
    await commit.began;
    req.destroy();
    await closed.done;
    commit.succeed();
    await commit.done;
    expect(await ask(server.port, { method: "HEAD" }).catch((error: Error) => error)).toMatchObject({
      status: 200,
    });
    await server.close();
  });
});

describe("Express's own last handler, while the response is held", () => {
  const majors = [
    ["5", express],
    ["4", express4 as typeof express],
  ] as const;
  const mistakes: Record<string, [express.RequestHandler, Partial<Seen>]> = {
    "answering twice": [
      (_req, res) => void res.json({ a: 1 }).json({ b: 2 }),
      { status: 200, body: '{"a":1}' },
    ],
    "calling next() after the answer": [
      (_req, res, next) => {
        res.send("sent");
        next();
      },
      { status: 200, body: "sent" },
    ],
    "throwing after the answer": [
      (_req, res) => {
        res.send("sent");
        throw new Error("after");
      },
      { status: 200, body: "sent" },
    ],
    "throwing after half an answer": [
      (_req, res) => {
        res.write("half");
        throw new Error("after");
      },
      { status: 500, cut: false },
    ],
  };
  for (const [major, create] of majors) {
    it.each(Object.entries(mistakes))(
      `survives %s (Express ${major})`,
      async (_name, [handler, expected]) => {
        const commit = gate();
        const app = create();
        app.set("env", "test");
        app.use((_req, res, next) => {
          holdResponse(res, hooks(res, { commit: () => commit.done }));
          setTimeout(commit.succeed, 20);
          next();
        });
        app.use(handler);
        const server = await serve(app as unknown as Handler);
        const seen = await ask(server.port);
        await server.close();
        expect(seen).toMatchObject(expected);
        expect(seen.body.startsWith("half")).toBe(false);
      },
    );
  }
});

describe("an error handler that asked while the response was held and speaks when it has left", () => {
  it("cuts the connection instead of throwing where nobody catches", async () => {
    const commit = gate();
    const server = await serve((_req, res) => {
      holdResponse(res, hooks(res, { commit: () => commit.done }));
      res.write("half");
      expect(res.headersSent).toBe(false);
      commit.succeed();
      setImmediate(() => {
        res.statusCode = 500;
        res.removeHeader("Content-Encoding");
        res.end("error");
      });
    });
    expect(await ask(server.port)).toMatchObject({ status: 200, cut: true, body: "half" });
    await server.close();
  });

  it("is told the truth when it asks again", async () => {
    const commit = gate();
    const server = await serve((_req, res) => {
      holdResponse(res, hooks(res, { commit: () => commit.done }));
      res.write("half, ");
      expect(res.headersSent).toBe(false);
      commit.succeed();
      setImmediate(() => {
        expect(res.headersSent).toBe(true);
        expect(() => res.setHeader("X", "1")).toThrow("Cannot set headers after they are sent");
        res.end("whole");
      });
    });
    expect(await ask(server.port)).toMatchObject({ status: 200, cut: false, body: "half, whole" });
    await server.close();
  });
});

describe("what changes after the first byte", () => {
  it("is committed before the end is sent", async () => {
    const late = gate();
    const server = await serve(
      held(
        (_req, res) => {
          res.write("first, ");
          res.end("last");
        },
        { commitLate: () => late.enter() },
      ),
    );
    const req = request({ port: server.port, host: "127.0.0.1", agent: false }).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    res.setEncoding("utf8");
    const [first] = await once(res, "data");
    await late.began;
    expect(first).toBe("first, ");
    expect(res.complete).toBe(false);
    late.succeed();
    expect(await res.toArray()).toEqual(["last"]);
    await server.close();
  });

  it.each(["a rejection", "an error thrown"])(
    "cuts the connection when it cannot be stored (%s)",
    async (kind) => {
      const commitLate = (): Promise<void> => {
        if (kind === "a rejection") return Promise.reject(new Error("full"));
        throw new Error("full");
      };
      const server = await serve(
        held(
          (_req, res) => {
            res.write("first, ", () => res.end("last"));
          },
          { commitLate },
        ),
      );
      expect(await ask(server.port)).toMatchObject({ status: 200, body: "first, ", cut: true });
      await server.close();
    },
  );
});

describe("after a failed commit", () => {
  it("does not hear writers of the dropped response", async () => {
    const source = new PassThrough();
    const written = gate();
    const server = await serve(
      held(
        (_req, res) => {
          source.pipe(res);
          source.write("secret");
          res.on("close", () => written.succeed());
        },
        { commit: () => Promise.reject(new Error("full")) },
      ),
    );
    expect(await ask(server.port)).toMatchObject({ status: 503, body: "not stored" });
    source.write("more secrets");
    await server.close();
    await written.done;
  });

  it.each([
    ["an error handler that takes its time answers", 20, "sorry"],
    ["the client is told that nothing was done, when no handler answers", undefined, ""],
  ])("the end of a dropped response is no success: %s", async (_case, handlerMs, body) => {
    const server = await serve(
      held(
        (_req, res) => {
          res.write("secret");
          setImmediate(() => res.end("secret"));
        },
        { commit: () => Promise.reject(new Error("full")), fail: () => undefined },
      ),
    );
    if (handlerMs !== undefined) {
      server.server.prependListener("request", (_req, res) => {
        setTimeout(() => {
          res.statusCode = 503;
          res.end(body);
        }, handlerMs);
      });
    }
    expect(await ask(server.port)).toMatchObject({ status: 503, body });
    await server.close();
  });

  it("answers false and an error to a late write", async () => {
    const errors: unknown[] = [];
    let late: ServerResponse | undefined;
    const server = await serve(
      held(
        (_req, res) => {
          late = res;
          res.write("secret");
        },
        { commit: () => Promise.reject(new Error("full")) },
      ),
    );
    await ask(server.port);
    expect(late?.write("x", (error) => errors.push(error))).toBe(false);
    await expect.poll(() => errors).toMatchObject([{ code: "ERR_UNSTICK_RESPONSE_DROPPED" }]);
    await server.close();
  });
});

describe("HTTP/2 compat", () => {
  const uses: Record<string, (res: Http2ServerResponse) => unknown> = {
    "end(text)": (res) => res.end("text"),
    "writeHead, write, end": (res) => {
      res.writeHead(201, { "x-a": "1" });
      res.write("one ");
      res.end("two");
    },
    flushHeaders: (res) => {
      (res as unknown as ServerResponse).flushHeaders();
      setImmediate(() => res.end("late"));
    },
    trailers: (res) => {
      res.addTrailers({ "x-sum": "4" });
      res.end("body");
    },
    "a stream": (res) => new PassThrough().end("streamed").pipe(res as unknown as NodeJS.WritableStream),
  };

  async function askHttp2(
    use: (res: Http2ServerResponse) => unknown,
    more?: Partial<HoldHooks>,
  ): Promise<unknown> {
    const server = createHttp2Server((_req, res) => {
      const plain = res as unknown as ServerResponse;
      if (more !== undefined) holdResponse(plain, { ...hooks(plain, more), writeHead: () => undefined });
      use(res);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = client.request({ ":path": "/" });
    let trailers: unknown;
    stream.on("trailers", (fields) => {
      trailers = { ...fields };
    });
    const [fields] = (await once(stream, "response")) as [Record<string, unknown>];
    let body = "";
    for await (const chunk of stream.setEncoding("utf8")) body += chunk;
    client.close();
    server.close();
    const { date: _date, ...rest } = fields;
    return { fields: { ...rest }, body, trailers };
  }

  it.each(Object.entries(uses))("holds and answers the same: %s", async (_name, use) => {
    const plain = await askHttp2(use);
    expect(await askHttp2(use, { commit: () => new Promise((resolve) => setImmediate(resolve)) })).toEqual(
      plain,
    );
    expect(await askHttp2(use, {})).toEqual(plain);
  });

  it.each(Object.entries(uses))("leaves nothing of it when the commit fails: %s", async (_name, use) => {
    const answer = await askHttp2(use, { commit: () => Promise.reject(new Error("full")) });
    expect(answer).toMatchObject({
      fields: { ":status": 503, "content-type": "text/plain" },
      body: "not stored",
    });
    expect((answer as { fields: object }).fields).not.toHaveProperty("x-a");
  });
});
