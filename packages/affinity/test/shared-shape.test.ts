import { once } from "node:events";
import http, { IncomingMessage, type RequestListener, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { affinity } from "@unstick/affinity/express";
import express from "express";
import express4 from "express4";
import { describe, expect, it } from "vitest";

setFlagsFromString("--allow-natives-syntax");
const isSameShape = new Function("one", "other", "return %HaveSameMap(one, other)") as (
  one: object,
  other: object,
) => boolean;

/** Before Node 24, what was given another prototype gets a shape of its own. */
const isShapeOwn = Number.parseInt(process.versions.v8, 10) < 13;
const options = { name: "SHOP", secret: "a secret of thirty-two bytes, no?" };
const frameworks: [string, typeof express][] = [
  ["Express 4", express4 as unknown as typeof express],
  ["Express 5", express],
];
type Pair = readonly [request: IncomingMessage, response: ServerResponse];

async function ask(
  listener: RequestListener,
  visits: (url: string) => Promise<unknown>,
  settings: http.ServerOptions = {},
): Promise<void> {
  const server = http.createServer(settings, listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await visits(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** The requests and the responses of two that are answered at one time. */
async function twoAtOnce(app: express.Express): Promise<[Pair, Pair]> {
  const seen: Pair[] = [];
  app.get("/", (request, response) => {
    seen.push([request, response]);
    if (seen.length === 2) for (const [, each] of seen) each.end();
  });
  await ask(app, (url) => Promise.all([fetch(url), fetch(url)]));
  return seen as [Pair, Pair];
}

/** Names of its own, in their order, before and after the middleware has seen it; and what else of it changed. */
function watched(
  bind: ReturnType<typeof affinity>,
  note: (names: string[][], changed: string[]) => void,
): express.RequestHandler {
  return (request, response, next) => {
    const all = [request, response];
    const before = all.map((each) => Object.getOwnPropertyDescriptors(each));
    const names = all.map((each) => Object.keys(each));
    bind(request, response, () => {
      const changed = before.flatMap((properties, at) =>
        Object.entries(properties).flatMap(([name, property]) => {
          const now = Object.getOwnPropertyDescriptor(all[at], name);
          return JSON.stringify(Object.keys(now ?? {})) === JSON.stringify(Object.keys(property)) &&
            Object.entries(property).every(([key, value]) => Object.is(value, Reflect.get(now ?? {}, key)))
            ? []
            : [name];
        }),
      );
      note([...names, ...all.map((each) => Object.keys(each))], changed);
      next();
    });
  };
}

describe.each(frameworks)("requests of %s", (_name, create) => {
  it("have one shape behind affinity(), and so have responses", async () => {
    const app = create();
    app.use(affinity(options));
    const [first, second] = await twoAtOnce(app);
    expect(first.map((each, at) => isSameShape(each, second[at]!))).toEqual([true, true]);
  });

  it("have one each without it, before Node 24", async () => {
    const [first, second] = await twoAtOnce(create());
    expect(first.map((each, at) => isSameShape(each, second[at]!))).toEqual([!isShapeOwn, !isShapeOwn]);
  });

  it("are what they were, but for the place of a name", async () => {
    const app = create();
    let names: string[][] = [];
    let changed: string[] | undefined;
    app.use(
      watched(affinity(options), (all, found) => {
        names = all;
        changed = found;
      }),
    );
    app.get("/", (_request, response) => void response.end());
    await ask(app, fetch);
    expect(changed).toEqual([]);
    const [requestBefore, responseBefore, requestAfter, responseAfter] = names;
    expect(requestAfter?.toSorted()).toEqual([...(requestBefore ?? []), "affinity"].toSorted());
    expect(responseAfter?.toSorted()).toEqual([...(responseBefore ?? []), "writeHead"].toSorted());
  });

  it("keep a property that cannot be taken away, and one that is an accessor", async () => {
    const app = create();
    const read: unknown[] = [];
    app.use((request, response, next) => {
      Object.defineProperty(request, "statusMessage", { value: "fixed", configurable: false });
      Object.defineProperty(response, "sendDate", { get: () => "got", configurable: true });
      next();
    });
    app.use(affinity(options));
    app.get("/", (request, response) => {
      read.push(request.statusMessage, Object.getOwnPropertyDescriptor(response, "sendDate")?.get?.());
      response.end();
    });
    await ask(app, fetch);
    expect(read).toEqual(["fixed", "got"]);
  });
});

describe("requests of Node itself", () => {
  class OwnRequest extends IncomingMessage {}
  class OwnResponse extends ServerResponse<IncomingMessage> {}
  it.each<[string, http.ServerOptions]>([
    ["as they are", {}],
    [
      "of a class of the application's",
      { IncomingMessage: OwnRequest, ServerResponse: OwnResponse as typeof ServerResponse },
    ],
  ])("are left alone: %s", async (_what, settings) => {
    let names: string[][] = [];
    const bind = watched(affinity(options), (all) => {
      names = all;
    });
    await ask(
      (request, response) => bind(request as never, response as never, () => response.end()),
      fetch,
      settings,
    );
    const [requestBefore, responseBefore, requestAfter, responseAfter] = names;
    expect(requestAfter).toEqual([...(requestBefore ?? []), "affinity"]);
    expect(responseAfter).toEqual([...(responseBefore ?? []), "writeHead"]);
  });
});
