import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { redisBackend } from "@unstick/redis";
import { session } from "@unstick/session/express";
import { Redis } from "ioredis";

/** An instance that serves one request of a session after another; forked, so that it can be killed. */
const { url, leaseMs } = JSON.parse(process.argv[2] ?? "") as { url: string; leaseMs: number };
const serve = session({
  backend: redisBackend(new Redis(url)),
  secret: "keyboard cat",
  serialize: () => true,
  serializeLeaseMs: leaseMs,
});
const server = createServer((req, res) => {
  serve(req, res, (error) => {
    if (error) return void res.writeHead(500).end(String(error));
    const { views = 0 } = serve.of(req) as { views?: number };
    Object.assign(serve.of(req), { views: views + 1 });
    if (req.url === "/hang") process.send?.("holds");
    else res.end(String(views + 1));
  });
}).listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
