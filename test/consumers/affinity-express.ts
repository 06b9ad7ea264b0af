import assert from "node:assert/strict";
import { affinity } from "@unstick/affinity/express";
import express from "express";
import { fetchOnce } from "./fetch-once.ts";

export async function smoke(): Promise<void> {
  const app = express();
  app.use(affinity({ name: "APPCOOKIE", secret: "sixteen bytes or more" }));
  app.get("/", (request, response) => void response.send(request.affinity.state));
  const answer = await fetchOnce(app);
  assert.equal(answer.body, "new");
  assert.match(answer.setCookie, /^APPCOOKIE=/);
}
