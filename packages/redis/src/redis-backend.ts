import type {
  Backend,
  BackendStatistics,
  PrincipalIndex,
  Promised,
  SessionEnumeration,
} from "@unstick/session";
import type { Caller } from "./caller.ts";
import type { RedisClient } from "./clients/link.ts";
import { sessionEnumeration } from "./enumeration.ts";
import { openCaller } from "./open-caller.ts";
import { checkOptions, DEFAULTS, type RedisOptions } from "./options.ts";
import { principalIndex } from "./principal-index.ts";
import { renameSession } from "./rename.ts";
import { createSession, destroySession, readSession, touchSession, updateSession } from "./session-verbs.ts";
import { readStatistics } from "./statistics.ts";
import { WriteGate, writerMark } from "./write-gate.ts";

/**
 * Sessions on Redis 6.2 or later, or Valkey, through the client that the application has. Every verb is one
 * command on one slot: one round trip, and none of it seen half done.
 *
 * @throws {OptionError} on an unknown or wrong option, and on a client that cannot be used.
 */
export function redisBackend(
  client: RedisClient,
  options: RedisOptions = {},
): Promised<Backend & SessionEnumeration & PrincipalIndex> & BackendStatistics {
  const checked = checkOptions(options, DEFAULTS.sessionPrefix);
  const caller = openCaller(client, checked);
  const { prefix } = checked;
  return {
    name: caller.name,
    read: (key) => readSession(caller, prefix + key),
    create: (key, attributes, lifetime) => createSession(caller, prefix + key, attributes, lifetime),
    update: updateVerb(caller, prefix),
    touch: (key, lifetime) => touchSession(caller, prefix + key, lifetime),
    destroy: (key, tombstoneMs) => destroySession(caller, prefix + key, tombstoneMs),
    rename: (from, to, change, lifetime, graceMs) =>
      renameSession(caller, { prefix, from, to, change, lifetime, graceMs }),
    ...sessionEnumeration(caller, prefix),
    ...principalIndex(caller, prefix),
    statistics: () => readStatistics(caller),
  };
}

function updateVerb(caller: Caller, prefix: string): Promised<Backend>["update"] {
  const gate = new WriteGate();
  return (key, change, lifetime, token) => {
    const mark = writerMark(token);
    const write = () => updateSession(caller, prefix + key, change, lifetime, mark);
    if (token === undefined) return write();
    const until = performance.now() + caller.deadlineMs;
    return gate.pass(
      key,
      mark[0],
      () => (performance.now() > until ? Promise.reject(caller.deadlineError("update")) : write()),
      (turn) => caller.run("update", turn),
    );
  };
}
