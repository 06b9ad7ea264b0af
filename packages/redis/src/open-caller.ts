import { OptionError } from "@unstick/session";
import { adviseClient } from "./advice.ts";
import { Caller } from "./caller.ts";
import { hearErrors } from "./client-errors.ts";
import { linkClient } from "./clients/link-client.ts";
import { type AdviceEvent, adviceChannel } from "./events.ts";
import type { CheckedOptions } from "./options.ts";

/** Know the client, refuse one that would lose writes, and say what could be better. */
export function openCaller(client: object, options: CheckedOptions): Caller {
  const link = linkClient(client);
  const advice = adviseClient(client);
  const grave = advice.find(({ code }) => code === "sentinel-without-detector");
  if (grave !== undefined && !options.guardedByServer) {
    throw new OptionError("client", `${grave.text}; or set guardedByServer: true`);
  }
  hearErrors(client, link.family);
  // Whoever builds the backend may subscribe after it.
  setImmediate(() => {
    for (const found of adviceChannel.hasSubscribers ? adviseClient(client) : []) {
      const event: AdviceEvent = { ...found, family: link.family };
      adviceChannel.publish(event);
    }
  }).unref();
  return new Caller(link, options);
}
