import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { FromInstance, InstanceConfig, ToInstance } from "../fleet/messages.ts";
import { findMode } from "../modes.ts";
import { localStorage, openSharedStorage, type Storage } from "./storage.ts";
import { Witness } from "./witness.ts";

/** One instance of the service provider: a process of its own, told over IPC what it is. */
process.once("message", (message: ToInstance) => {
  start(message.config).catch((error: Error) => {
    send({ type: "failed", sentence: error.message });
    process.exitCode = 1;
    process.disconnect?.();
  });
});
// The demo is gone, however it ended: an instance must not outlive it.
process.once("disconnect", () => process.exit());
// It may have gone while our modules were loading.
if (!process.connected) process.exit();

async function start(config: InstanceConfig): Promise<void> {
  const { isShared } = findMode(config.mode);
  const storage = isShared ? await openSharedStorage(config.state) : localStorage();
  const server = createServer(await createListener(config, storage, new Witness(config.name, send)));
  // Longer than the balancer's idle timeout of 60 s, as the ALB user guide asks; else it answers 502 now and then.
  server.keepAliveTimeout = 65_000;
  server.on("error", (error) => send({ type: "failed", sentence: error.message }));
  server.listen(0, "127.0.0.1", () => {
    send({ type: "ready", port: (server.address() as AddressInfo).port });
  });
  process.once("SIGTERM", () => {
    server.close(() => {
      void storage.close().finally(() => process.exit());
    });
    // A connection that is busy now is kept alive after its answer, and would hold us for a minute.
    setInterval(() => server.closeIdleConnections(), 50).unref();
  });
}

/** Only the framework in question is loaded: instances start often here. */
async function createListener(
  config: InstanceConfig,
  storage: Storage,
  witness: Witness,
): Promise<RequestListener> {
  if (config.framework === "koa") {
    const { createKoaApp } = await import("./koa-app.ts");
    return createKoaApp(config, storage, witness).callback();
  }
  const { createExpressApp } = await import("./express-app.ts");
  return createExpressApp(config, storage, witness);
}

function send(message: FromInstance): void {
  if (process.connected) process.send?.(message);
}
