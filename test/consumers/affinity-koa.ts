import assert from "node:assert/strict";
import { affinity } from "@unstick/affinity/koa";
import Koa from "koa";
import { fetchOnce } from "./fetch-once.ts";

export async function smoke(): Promise<void> {
  const app = new Koa();
  app.use(affinity({ name: "APPCOOKIE", secret: "sixteen bytes or more" }));
  app.use((ctx) => {
    ctx.body = ctx.affinity.state;
  });
  const answer = await fetchOnce(app.callback());
  assert.equal(answer.body, "new");
  assert.match(answer.setCookie, /^APPCOOKIE=/);
}
