import { channel } from "node:diagnostics_channel";
import type { Link } from "./clients/link.ts";

/** What is published on `unstick.redis.client-error`. */
export interface ClientErrorEvent {
  readonly family: Link["family"];
  readonly error: unknown;
}

const clientErrorChannel = channel("unstick.redis.client-error");

const heard = new WeakSet<object>();

/** How many of a client's `'error'` listeners are ours. */
export function ownErrorListeners(client: object): number {
  return heard.has(client) ? 1 : 0;
}

interface Emitter {
  on(event: "error", listener: (error: unknown) => void): unknown;
}

/**
 * node-redis emits `'error'` when its connection breaks, and an emitter without a listener for that throws:
 * the process ends over a connection that would have come back. So there is always one listener.
 */
export function hearErrors(client: object, family: Link["family"]): void {
  if (family !== "node-redis" || !isEmitter(client) || heard.has(client)) return;
  heard.add(client);
  client.on("error", (error) => {
    const event: ClientErrorEvent = { family, error };
    clientErrorChannel.publish(event);
  });
}

function isEmitter(client: object): client is Emitter {
  return "on" in client && typeof client.on === "function";
}
