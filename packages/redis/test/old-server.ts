import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/**
 * A way to a server that cannot read what a script declares (Redis 6.2): Lua's own error on the script's first line
 * is what such a server answers, and here that line alone is made to be one. All else is the real server's.
 */
export async function startOldServer(port: number): Promise<{ readonly port: number; stop(): void }> {
  const listener = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    client.on("data", (chunk) => {
      server.write(chunk.toString("latin1").replaceAll("#!lua", "#?lua"), "latin1");
    });
    server.on("data", (chunk) => client.write(chunk));
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        server.destroy();
      });
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return { port: (listener.address() as AddressInfo).port, stop: () => void listener.close() };
}
