import { OptionError } from "@unstick/session";
import { glideLink, isGlide } from "./glide.ts";
import { ioredisLink, isIoredis } from "./ioredis.ts";
import type { Link } from "./link.ts";
import { isNodeRedis, nodeRedisLink } from "./node-redis.ts";

/**
 * Know a client by what it can do.
 *
 * @throws {OptionError} that says what is missing.
 */
export function linkClient(client: unknown): Link {
  if (typeof client === "object" && client !== null) {
    if (isGlide(client)) return glideLink(client);
    if (isIoredis(client)) return ioredisLink(client);
    if (isNodeRedis(client)) return nodeRedisLink(client);
  }
  throw new OptionError("client", `${described(client)} is no Redis client that can be used: ${NEEDED}`);
}

const NEEDED =
  "it has none of call() (ioredis, iovalkey), sendCommand() (node-redis 4 and later) and customCommand() " +
  "(valkey-glide); hand in the connected client itself, not its options or its address";

function described(client: unknown): string {
  if (client instanceof Promise) return "a promise (await it first)";
  if (typeof client === "function") return "a function";
  return client === null
    ? "null"
    : typeof client === "object"
      ? "this object"
      : `a value of type ${typeof client}`;
}
