import { once } from "node:events";
import http, { IncomingMessage, type RequestListener, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { affinity } from "@unstick/affinity/express";
import { countShapes } from "@unstick/testbed/shapes";
import express from "express";
import express4 from "express4";
import { describe, expect, it } from "vitest";

/** Before Node 24, what was given another prototype gets a shape of its own. */
const isShapeOwn = Number.parseInt(process.versions.v8, 10) < 13;
const options = { name: "SHOP", secret: "a secret of thirty-two bytes, no?" };
const frameworks: [string, typeof express][] = [
  ["Express 4", express4 as unknown as typeof express],
  ["Express 5", express],
];
const AT_ONCE = 8;

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

/** How many shapes the requests have, and how many the responses, of several that are answered at one time. */
async function shapesOf(app: express.Express): Promise<number[]> {
  const requests: IncomingMessage[] = [];
  const responses: ServerResponse[] = [];
  app.get("/", (request, response) => {
    requests.push(request);
    responses.push(response);
    if (responses.length === AT_ONCE) for (const each of responses) each.end();
  });
  await ask(app, (url) => Promise.all(Array.from({ length: AT_ONCE }, () => fetch(url))));
  return [requests, responses].map(countShapes);
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
  it("have one shape behind affinity(), and so have responses: two, where memory was cleared meanwhile", async () => {
    const app = create();
    app.use(affinity(options));
    for (const shapes of await shapesOf(app)) expect(shapes).toBeLessThanOrEqual(2);
  });

  it("have one each without it, before Node 24", async () => {
    for (const shapes of await shapesOf(create())) {
      if (isShapeOwn) expect(shapes).toBe(AT_ONCE);
      else expect(shapes).toBeLessThanOrEqual(2);
    }
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
