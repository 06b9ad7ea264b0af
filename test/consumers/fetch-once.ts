import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** One request to a server that lives no longer than it. */
export async function fetchOnce(app: RequestListener): Promise<{ body: string; setCookie: string }> {
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
  const answer = { body: await response.text(), setCookie: response.headers.get("set-cookie") ?? "" };
  server.close();
  return answer;
}
