import { once } from "node:events";
import http from "node:http";

/** Serve a subject: its port to the parent process, and then its CPU time whenever that asks. */
export async function serve(listener) {
  const server = http.createServer(listener);
  // Each server waits for its turn; on a busy machine that may take longer than Node keeps a connection.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.on("message", () => process.send(process.cpuUsage()));
  process.on("disconnect", () => process.exit());
  process.send(server.address().port);
}
