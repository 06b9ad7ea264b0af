import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import type { AffinityHolder } from "@unstick/affinity";
import { affinity } from "@unstick/affinity/express";
import connect from "connect";
import express4 from "express4";
import { fetchOnce } from "./fetch-once.ts";

/** The same middleware on Express 4 and on connect. */
export async function smoke(): Promise<void> {
  const bind = affinity({ name: "APPCOOKIE", secret: "sixteen bytes or more" });
  const old = express4();
  old.use(bind);
  old.get("/", (request, response) => void response.send(request.affinity.state));
  const plain = connect();
  plain.use(bind);
  plain.use((request: IncomingMessage & AffinityHolder, response) => response.end(request.affinity?.state));
  for (const app of [old, plain]) {
    const answer = await fetchOnce(app);
    assert.equal(answer.body, "new");
    assert.match(answer.setCookie, /^APPCOOKIE=/);
  }
  bind.drain();
  assert.equal((await fetchOnce(plain)).setCookie, "");
  assert.equal(bind.counters.new, 3);
}
