import { BackendError, DamagedRecordError, UnstickError } from "@unstick/session";

/** What the first word of an error reply means to whoever runs the site (redis.io, and the servers' sources). */
const MEANING: Readonly<Record<string, string>> = {
  OOM: "the server is at maxmemory and stores nothing more (OOM); give it memory or an eviction policy",
  READONLY: "the connection leads to a replica (READONLY): a failover was not followed",
  LOADING: "the server is still loading its data (LOADING)",
  BUSY: "the server is busy with a long script (BUSY)",
  MISCONF: "the server cannot save to disk and refuses writes (MISCONF)",
  NOREPLICAS: "too few replicas are up to date (NOREPLICAS, min-replicas-to-write)",
  MASTERDOWN: "the replica has lost its master (MASTERDOWN)",
  CLUSTERDOWN: "the cluster does not serve this slot (CLUSTERDOWN)",
  TRYAGAIN: "the slot is being moved (TRYAGAIN)",
  ASK: "the slot is being moved (ASK)",
  CROSSSLOT: "the client sent keys of two slots (CROSSSLOT): is it a cluster client?",
  MOVED: "the key lives on another node (MOVED): the server is a cluster, the client is not",
  NOAUTH: "the server wants a password (NOAUTH)",
  WRONGPASS: "the server does not accept user and password (WRONGPASS)",
  NOPERM: "the user lacks rights (NOPERM); docs/redis.md lists them",
};

/** valkey-glide tells some error replies by names of its own. */
const GLIDE_NAMES: Readonly<Record<string, string>> = {
  NoScriptError: "NOSCRIPT",
  ReadOnly: "READONLY",
  PermissionDenied: "NOPERM",
  BusyLoadingError: "LOADING",
  MasterDown: "MASTERDOWN",
  ClusterDown: "CLUSTERDOWN",
  TryAgain: "TRYAGAIN",
  CrossSlot: "CROSSSLOT",
  Moved: "MOVED",
  Ask: "ASK",
};

/** The first word of an error reply, such as `NOSCRIPT`; empty when the error did not come from the server. */
export function serverWord(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  if (/ACL failure in script|user executing the script can't/.test(message)) return "NOPERM";
  // Before 7.0 the error of a command within a script comes after where in the script it was.
  const within = /Error running script \(call to \w+\): .*?: -([A-Z]{3,})\b/.exec(message)?.[1];
  if (within !== undefined) return within;
  const glide = /^An error was signalled by the server: - (\w+)/.exec(message)?.[1];
  if (glide !== undefined) return GLIDE_NAMES[glide] ?? "";
  return /^[A-Z]{3,}\b/.exec(message)?.[0] ?? "";
}

/** The typed error for whatever a client rejected with. Never carries a command: its arguments hold values. */
export function backendFailure(backend: string, verb: string, error: unknown): UnstickError {
  if (error instanceof UnstickError) return error;
  const message = error instanceof Error ? error.message : "unknown failure";
  const word = serverWord(error);
  if (word === "WRONGTYPE") return new DamagedRecordError(backend, "it is of another type");
  // valkey-glide gives no reply at all when a part of it is no text.
  if (/invalid utf-8/.test(message))
    return new DamagedRecordError(backend, "it holds bytes that are no text");
  const known = lackOf(message) ?? MEANING[word];
  if (known !== undefined) return new BackendError(backend, verb, known);
  return new BackendError(backend, verb, reasonOf(error, message), { cause: withoutCommand(error, message) });
}

/** The server's own text goes on with what was sent: "…, with args beginning with: `key` `value`". */
function lackOf(message: string): string | undefined {
  if (!/unknown (redis )?command/i.test(message)) return undefined;
  const name = /unknown command [`'](\w+)[`']/i.exec(message)?.[1];
  return (
    `the server lacks a command that this needs${name === undefined ? "" : `, ${name}`}: it is older than Redis 6.2, ` +
    "or rename-command took it away"
  );
}

/** ioredis hangs the command, arguments and all, on its errors; a log would show them. */
function withoutCommand(error: unknown, message: string): Error {
  const cause = new Error(firstLine(message));
  cause.name = error instanceof Error ? error.name : "Error";
  return cause;
}

function reasonOf(error: unknown, message: string): string {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const text = firstLine(message) || code || (error instanceof Error ? error.name : "unknown failure");
  return isOffline(text) ? `the client is not connected (${text})` : text;
}

function firstLine(message: string): string {
  return (message.split("\n", 1)[0] ?? "").slice(0, 200);
}

function isOffline(text: string): boolean {
  return /client is (closed|offline)|connection is closed|stream isn't writeable|socket closed|disconnects client/i.test(
    text,
  );
}
