import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { DemoError } from "./errors.ts";

export interface Listening {
  readonly port: number;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Listen on loopback; `option` names the command-line option in the sentence about a busy port. */
export async function listen(app: RequestListener, port: number, option: string): Promise<Listening> {
  const server = createServer(app).listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    throw portError(error as NodeJS.ErrnoException, port, option);
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function portError(error: NodeJS.ErrnoException, port: number, option: string): Error {
  if (error.code === "EADDRINUSE") {
    return new DemoError(`port ${port} is busy: give another --${option}, or leave it out for a free one`);
  }
  if (error.code === "EACCES")
    return new DemoError(`port ${port} is not allowed: give a --${option} above 1023`);
  return error;
}
