import { ServerResponse } from "node:http";
import type { HeadGuard } from "./head-guard.ts";
import type { Verb } from "./held-call.ts";

/** The methods through which a response leaves. */
export type Passage = Verb | "writeHead";
export type Passages = Pick<ServerResponse, Passage>;

const passages = ["write", "end", "flushHeaders", "writeHead"] as const satisfies readonly Passage[];
const changers = ["setHeader", "appendHeader", "removeHeader"] as const;

/** Who decides what passes through the gates of one response. */
export interface Gatekeeper {
  pass(name: Passage, args: unknown[]): unknown;
  readonly guard: HeadGuard | undefined;
}

const keeper: unique symbol = Symbol("unstick.gatekeeper");
type Gated = ServerResponse & { [keeper]?: Gatekeeper };

interface Gates {
  /** As they are on the prototype now. */
  readonly gates: Passages;
  /** As they were before. */
  readonly originals: Passages;
}

/** Prototype of a response → the gates it inherits; null: none. */
const known = new WeakMap<object, Gates | null>();

/**
 * Express gives each response another prototype. Node's engine before Node 24 then copies the whole shape of the
 * object, some 3 µs and a kilobyte, for every property that is added to it, and the four methods of a hold were
 * a quarter of what a session cost there. So they are put once on the prototype that all responses of Express
 * share, where they are Node's own for a response that nobody holds, and one property tells who does.
 *
 * Answers the methods behind the gates, or `undefined` where there are no gates: on Node's own prototypes, which
 * are everybody's; and where somebody wrapped a method of this response before, since who comes first is to be
 * called last.
 */
export function keepGates(response: ServerResponse, gatekeeper: Gatekeeper): Passages | undefined {
  const prototype = Object.getPrototypeOf(response) as object;
  let found = known.get(prototype);
  if (found === undefined) {
    const host = hostOf(prototype);
    found = host === undefined ? null : gatesOn(host);
    known.set(prototype, found);
  }
  if (found === null || (response as Gated)[keeper] !== undefined) return undefined;
  const { gates, originals } = found;
  if (passages.some((name) => response[name] !== gates[name])) return undefined;
  (response as Gated)[keeper] = gatekeeper;
  return originals;
}

/** The framework's object right above Node's prototype: all its responses inherit from it. */
function hostOf(prototype: object): ServerResponse | undefined {
  let at: object | null = prototype;
  while (at !== null) {
    const parent: unknown = Object.getPrototypeOf(at);
    if (parent === ServerResponse.prototype) return at as ServerResponse;
    at = parent as object | null;
  }
  return undefined;
}

const gatesOf = new WeakMap<ServerResponse, Gates>();

function gatesOn(host: ServerResponse): Gates {
  const done = gatesOf.get(host);
  if (done !== undefined) return done;
  const { write, end, flushHeaders, writeHead } = host;
  const originals = { write, end, flushHeaders, writeHead };
  for (const name of passages) defineGate(host, name, (behind, args) => behind.pass(name, args));
  for (const name of changers) {
    defineGate(host, name, (behind, args) => behind.guard?.change(name, args) ?? passOn);
  }
  defineState(host, "headersSent");
  defineState(host, "writableEnded");
  const gates = {
    write: host.write,
    end: host.end,
    flushHeaders: host.flushHeaders,
    writeHead: host.writeHead,
  };
  gatesOf.set(host, { gates, originals });
  return { gates, originals };
}

/** Nobody is in the way of this call. */
const passOn: unique symbol = Symbol("unstick.pass-on");

function defineGate(
  host: ServerResponse,
  name: Passage | (typeof changers)[number],
  ask: (behind: Gatekeeper, args: unknown[]) => unknown,
): void {
  const original = host[name] as (...args: unknown[]) => unknown;
  const value = function (this: Gated, ...args: unknown[]): unknown {
    const behind = this[keeper];
    const answer = behind === undefined ? passOn : ask(behind, args);
    return answer === passOn ? Reflect.apply(original, this, args) : answer;
  };
  Object.defineProperty(host, name, { value, configurable: true, writable: true });
}

function defineState(host: ServerResponse, name: "headersSent" | "writableEnded"): void {
  const parent = Object.getPrototypeOf(host) as object;
  const get = function (this: Gated): unknown {
    return this[keeper]?.guard?.[name] ?? Reflect.get(parent, name, this);
  };
  Object.defineProperty(host, name, { get, configurable: true });
}
