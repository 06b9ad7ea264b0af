import { subscribe } from "node:diagnostics_channel";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type InstanceOptions, isKoa } from "../subjects.ts";
import { release } from "./parking.ts";

/** One instance of the application: a process of its own. */
const options = JSON.parse(process.argv[2] ?? "") as InstanceOptions;

const { clockShiftMs = 0 } = options;
if (clockShiftMs !== 0) moveClock(clockShiftMs);

/** How often each session was found damaged, by its handle. */
const damaged: Record<string, number> = {};
subscribe("unstick.session.damaged", (event) => {
  const { handle = "" } = event as { handle?: string };
  damaged[handle] = (damaged[handle] ?? 0) + 1;
});
process.on("message", () => process.send?.(damaged));
process.once("disconnect", () => process.exit());

const app = await openApp();
const server = createServer((request, response) => {
  if (!release(request, response)) app(request, response);
});
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

/** Only the framework in question is loaded: instances start often here. */
async function openApp(): Promise<RequestListener> {
  if (isKoa(options.subject)) return (await import("./koa-app.ts")).koaApp(options);
  return (await import("./express-app.ts")).expressApp(options);
}

/** As on a machine whose clock is off: `Date` alone tells the time of day. */
function moveClock(shiftMs: number): void {
  const Real = Date;
  const now = (): number => Real.now() + shiftMs;
  globalThis.Date = new Proxy(Real, {
    construct: (target, given, self) => Reflect.construct(target, given.length === 0 ? [now()] : given, self),
    get: (target, name, self) => (name === "now" ? now : Reflect.get(target, name, self)),
  });
}
