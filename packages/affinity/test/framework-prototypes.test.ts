import { once } from "node:events";
import http, { IncomingMessage, type RequestListener, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AffinityHolder } from "@unstick/affinity";
import { affinity } from "@unstick/affinity/express";
import express from "express";
import express4 from "express4";
import { describe, expect, it } from "vitest";
import { type Answer, http1Client } from "./client.ts";

const secret = "a secret of thirty-two bytes, no?";
type Middleware = ReturnType<typeof affinity>;
type Held = IncomingMessage & AffinityHolder;
type Visitor = (headers?: Readonly<Record<string, string>>) => Promise<Answer>;

/** Asks as a new client, unless told else. */
async function serve(listener: RequestListener, use: (visit: Visitor) => Promise<void>): Promise<void> {
  const server = http.createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const send = http1Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    await use((headers = {}) => send("/", { headers }));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function pairOf({ setCookie }: Answer): string {
  return setCookie[0]!.split(";", 1)[0]!;
}

/** A framework that does to prototypes what Express does, and that no other test has met. */
function makeFramework(): {
  readonly requests: object;
  readonly responses: ServerResponse;
  adopt(request: object, response: object): void;
} {
  const requests = Object.create(IncomingMessage.prototype) as object;
  const responses = Object.create(ServerResponse.prototype) as ServerResponse;
  return {
    requests,
    responses,
    adopt(request, response) {
      Object.setPrototypeOf(request, Object.create(requests) as object);
      Object.setPrototypeOf(response, Object.create(responses) as object);
    },
  };
}

/** Adopted by the framework, then seen by all of these in turn; the last one answers. */
function listenerOf(
  adopt: (request: object, response: object) => void,
  steps: Middleware[],
): RequestListener {
  return (request, response) => {
    adopt(request, response);
    const run = (at: number): void => void steps[at]?.(request, response, () => run(at + 1));
    run(0);
  };
}

const say = ((request: Held, response: ServerResponse) =>
  response.end(String(request.affinity?.state))) as unknown as Middleware;

describe.each([
  ["Express 4", express4 as unknown as typeof express],
  ["Express 5", express],
])("a request of %s", (_name, create) => {
  it("shows one and the same affinity to sub-applications, proxies and objects that inherit from it", async () => {
    const app = create();
    const shop = create();
    app.use(affinity({ name: "SHOP", secret }));
    app.use(shop);
    shop.get("/", (request, response) => {
      const { affinity: own } = request;
      const seen = [new Proxy(request, {}), Object.create(request) as typeof request].map(
        (other) => other.affinity === own,
      );
      response.json([...seen, "affinity" in request, Object.keys(own)]);
    });
    await serve(app, async (visit) => {
      expect(JSON.parse((await visit()).body)).toEqual([true, true, true, ["name", "state"]]);
    });
  });

  it("shows nothing where it passed no affinity()", async () => {
    const app = create();
    app.use("/elsewhere", affinity({ name: "SHOP", secret }));
    app.get("/", (request, response) => void response.send(String(request.affinity)));
    await serve(app, async (visit) => {
      expect(await visit()).toMatchObject({ body: "undefined", setCookie: [] });
    });
  });

  it("bears what the application puts in the place of its affinity, and still gets the cookie", async () => {
    const app = create();
    app.use(affinity({ name: "SHOP", secret }));
    app.get("/", (request, response) => {
      Object.assign(request, { affinity: "mine" });
      response.send(request.affinity);
    });
    await serve(app, async (visit) => {
      const answer = await visit();
      expect([answer.body, answer.setCookie.length]).toEqual(["mine", 1]);
    });
  });
});

describe("on a framework's prototypes", () => {
  it("stands before a writeHead that a response had wrapped before", async () => {
    const { adopt } = makeFramework();
    const wrap = ((_request: unknown, response: ServerResponse, next: () => void) => {
      const writeHead = response.writeHead as (...head: unknown[]) => unknown;
      Object.assign(response, {
        writeHead: (...head: unknown[]) => {
          response.setHeader("X-Wrapped", "1");
          return Reflect.apply(writeHead, response, head);
        },
      });
      next();
    }) as unknown as Middleware;
    const bind = affinity({ name: "SHOP", secret });
    await serve(listenerOf(adopt, [wrap, bind, wrap, say]), async (visit) => {
      for (const _ of [1, 2]) {
        const { setCookie, headers } = await visit();
        expect([setCookie.length, headers["x-wrapped"]]).toEqual([1, "1"]);
      }
    });
  });

  it("leaves a writeHead that stood there before to its owner", async () => {
    const { adopt, responses } = makeFramework();
    let calls = 0;
    const theirs = function (this: ServerResponse, ...head: [number]): ServerResponse {
      calls++;
      return ServerResponse.prototype.writeHead.apply(this, head);
    };
    Object.assign(responses, { writeHead: theirs });
    await serve(listenerOf(adopt, [affinity({ name: "SHOP", secret }), say]), async (visit) => {
      expect((await visit()).setCookie).toHaveLength(1);
    });
    expect([calls, responses.writeHead]).toEqual([1, theirs]);
  });

  it("stands before a writeHead that somebody puts on the prototype between two requests", async () => {
    const { adopt, responses } = makeFramework();
    const bind = affinity({ name: "SHOP", secret });
    await serve(listenerOf(adopt, [bind, say]), async (visit) => {
      expect((await visit()).setCookie).toHaveLength(1);
      const { writeHead } = responses;
      Object.assign(responses, {
        writeHead(this: ServerResponse, ...head: unknown[]) {
          return Reflect.apply(writeHead, this, head);
        },
      });
      expect((await visit()).setCookie).toHaveLength(1);
    });
  });

  it.each(["requests", "responses"] as const)("does without %s that are frozen", async (which) => {
    const framework = makeFramework();
    Object.freeze(framework[which]);
    const bind = affinity({ name: "SHOP", secret });
    await serve(listenerOf(framework.adopt, [bind, say]), async (visit) => {
      const first = await visit();
      const second = await visit({ cookie: pairOf(first) });
      expect([first.body, second.body, second.setCookie]).toEqual(["new", "kept", []]);
    });
  });

  it("binds a proxy of the request, and shows the request the same", async () => {
    const { adopt } = makeFramework();
    const bind = affinity({ name: "SHOP", secret });
    const proxied = ((request: Held, response: ServerResponse, next: () => void) =>
      bind(new Proxy(request, {}), response, next)) as unknown as Middleware;
    await serve(listenerOf(adopt, [proxied, say]), async (visit) => {
      const { body, setCookie } = await visit();
      expect([body, setCookie.length]).toEqual(["new", 1]);
    });
  });

  it.each([false, true])(
    "finds both again in a second framework where it is mounted, too (its responses frozen: %s)",
    async (isFrozen) => {
      const [first, second] = [makeFramework(), makeFramework()];
      if (isFrozen) Object.freeze(second.responses);
      const bind = affinity({ name: "SHOP", secret });
      const move = ((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        second.adopt(request, response);
        next();
      }) as unknown as Middleware;
      await serve(listenerOf(first.adopt, [bind, move, bind, say]), async (visit) => {
        const { body, setCookie } = await visit();
        expect([body, setCookie.length]).toEqual(["new", 1]);
      });
      expect(bind.counters.new).toBe(1);
    },
  );

  it("binds a response whose request is another object by the time it answers", async () => {
    const { adopt } = makeFramework();
    const wrap = ((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      Object.assign(response, { req: Object.create(request) as object });
      next();
    }) as unknown as Middleware;
    await serve(listenerOf(adopt, [affinity({ name: "SHOP", secret }), wrap, say]), async (visit) => {
      expect((await visit()).setCookie).toHaveLength(1);
    });
  });

  it("is known to a second framework that is not asked before it takes a request over", async () => {
    const [first, second] = [makeFramework(), makeFramework()];
    const move = ((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      second.adopt(request, response);
      next();
    }) as unknown as Middleware;
    await serve(listenerOf(first.adopt, [affinity({ name: "SHOP", secret }), move, say]), async (visit) => {
      const { body, setCookie } = await visit();
      expect([body, setCookie.length]).toEqual(["new", 1]);
    });
  });
});
