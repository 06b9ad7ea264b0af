import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** What an instance runs: a peer's store, or ours with that value of `legacy`. */
export type ExpressSubject = "connect-redis" | "share" | "adopt" | "off" | "return";
export type KoaSubject = "koa-redis" | "koa, adopt" | "koa, off";
export type Subject = ExpressSubject | KoaSubject;

/** One instance of the application: a process of its own. */
const [, , subject, redisUrl = ""] = process.argv as [string, string, Subject, string];
process.once("disconnect", () => process.exit());

const server = createServer(await openApp());
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

/** Only the framework in question is loaded: instances start often here. */
async function openApp(): Promise<RequestListener> {
  if (isKoa(subject)) return (await import("./koa-app.ts")).koaApp(subject, redisUrl);
  return (await import("./express-app.ts")).expressApp(subject, redisUrl);
}

function isKoa(subject: Subject): subject is KoaSubject {
  return subject.startsWith("koa");
}
