import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { affinity } from "@unstick/affinity/express";
import { memoryBackend } from "@unstick/session";
import { session } from "@unstick/session/express";
import express from "express";
import express4 from "express4";
import { expect, it } from "vitest";

const secret = "a secret of thirty-two bytes, no?";

interface Visits {
  readonly bodies: readonly string[];
  /** The names in Set-Cookie, by visit. */
  readonly cookies: readonly (readonly string[])[];
}

/** One browser comes three times, the last time to be released. */
async function visitThrice(
  create: typeof express,
  order: readonly ("affinity" | "session")[],
): Promise<Visits> {
  const app = create();
  const made = {
    affinity: affinity({ name: "SHOP", secret }),
    session: session({ secret, backend: memoryBackend() }),
  };
  for (const name of order) app.use(made[name]);
  app.get("/", (request, response) => {
    const { session } = request as unknown as { session: { count?: number } };
    session.count = (session.count ?? 0) + 1;
    if (session.count === 3) request.affinity.release();
    response.send(`${request.affinity.state} ${session.count}`);
  });
  const server = http.createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const bodies: string[] = [];
  const cookies: string[][] = [];
  let cookie = "";
  for (let visit = 0; visit < 3; visit++) {
    const response = await fetch(url, { headers: { cookie } });
    const pairs = response.headers.getSetCookie().map((line) => line.split(";", 1)[0]!);
    if (cookie === "") cookie = pairs.join("; ");
    cookies.push(pairs.map((pair) => pair.split("=", 1)[0]!).toSorted());
    bodies.push(await response.text());
  }
  server.close();
  return { bodies, cookies };
}

/** Both stand before `writeHead` of a response, in whatever order they are mounted. */
it.each([
  ["Express 4", express4 as unknown as typeof express],
  ["Express 5", express],
])("on %s each sets its cookie and finds it again", async (_, create) => {
  for (const order of [["affinity", "session"] as const, ["session", "affinity"] as const]) {
    const { bodies, cookies } = await visitThrice(create, order);
    expect(bodies).toEqual(["new 1", "kept 2", "kept 3"]);
    expect(cookies).toEqual([["SHOP", "connect.sid"], [], ["SHOP"]]);
  }
});
