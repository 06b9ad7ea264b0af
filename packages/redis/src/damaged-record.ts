import { channel } from "node:diagnostics_channel";
import type { SessionEvents } from "@unstick/session";

const damaged = channel("unstick.session.damaged");

/** A record of connect-redis or koa-redis that cannot be read counts as no session and is one event, as ours is. */
export function reportDamagedRecord(peer: "connect-redis" | "koa-redis"): void {
  const event: SessionEvents["damaged"] = {
    backend: "redis",
    reason: `a record of ${peer} cannot be parsed`,
  };
  if (damaged.hasSubscribers) damaged.publish(event);
}
