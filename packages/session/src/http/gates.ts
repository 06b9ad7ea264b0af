import { ServerResponse } from "node:http";
import { bear, borneFor } from "./borne.ts";
import type { Guard } from "./guarded-head.ts";
import type { Verb } from "./held-call.ts";
import type { HoldHooks } from "./hold-hooks.ts";

/** The methods through which a response leaves. */
export type Passage = Verb | "writeHead";
export type Passages = Pick<ServerResponse, Passage>;

const passages = ["write", "end", "flushHeaders", "writeHead"] as const satisfies readonly Passage[];

/** Who decides what passes through the gates of one response. */
export interface Gatekeeper {
  pass(name: Passage, args: unknown[]): unknown;
  readonly response: ServerResponse;
  readonly hooks: HoldHooks;
  /** Who is asked about the head, while somebody is. */
  guard: Guard | undefined;
}

/** On a response that has gates of its own: who keeps them. */
const keeper: unique symbol = Symbol("unstick.gatekeeper");
export type Gated = ServerResponse & { [keeper]?: Gatekeeper };

/** Who keeps the gates of a response; `undefined`: nobody. */
export function keeperOf(response: Gated): Gatekeeper | undefined {
  return response[keeper] ?? (borneFor(response) as Gatekeeper | undefined);
}

interface Gates {
  /** As they are on the prototype now. */
  readonly gates: Passages;
  /** As they were before. */
  readonly originals: Passages;
}

/** Prototype of a response → the gates it inherits; null: none. */
const known = new WeakMap<object, Gates | null>();
const gatesOf = new WeakMap<object, Gates>();

/**
 * Let everything of a response pass through `gatekeeper`. Answers the methods behind the gates.
 *
 * Express gives each response another prototype. Node's engine before Node 24 then copies the whole shape of the
 * object, some 3 µs and a kilobyte, for every property that is added to it, and the four methods of a hold were
 * a quarter of what a session cost there. So they are put once on the prototype that all responses of Express
 * share, where they are Node's own for a response that nobody holds; who holds it is found through its request.
 * Node's own prototypes are everybody's and are left alone: there the response itself gets the four.
 */
export function keepGates(response: Gated, gatekeeper: Gatekeeper): Passages {
  const gates = inheritedGates(response);
  if (keeperOf(response) === undefined && isIntact(response, gates)) {
    if (gates === null || !bear(gatekeeper)) response[keeper] = gatekeeper;
    if (gates !== null) return gates.originals;
    const originals = passagesOf(response);
    Object.assign(response, ownGates);
    return originals;
  }
  // A second hold, or somebody wrapped a method of this response before: who comes first is to be called last.
  const originals = passagesOf(response);
  setGates(response, gatekeeper);
  return originals;
}

function setGates(response: Gated, gatekeeper: Gatekeeper): void {
  for (const name of passages) {
    const gate = (...args: unknown[]): unknown => gatekeeper.pass(name, args);
    Object.assign(response, { [name]: gate });
  }
}

/**
 * Let whoever answers come to the gates at once. What was wrapped around them since, as by compression, has had the
 * end of a response that was dropped: it would keep another one to itself.
 */
export function unwrapGates(response: Gated, gatekeeper: Gatekeeper): void {
  if (keeperOf(response) !== gatekeeper) setGates(response, gatekeeper);
  else if (inheritedGates(response) === null) Object.assign(response, ownGates);
  else for (const name of passages) Reflect.deleteProperty(response, name);
}

/**
 * Another framework may have given a held response another prototype since, as another copy of Express does that is
 * called as a handler: its responses get gates, too.
 */
export function refindGates(response: Gated): void {
  inheritedGates(response);
}

/** The hooks of the outermost hold of a response. */
export function hooksOf(response: Gated): HoldHooks | undefined {
  return keeperOf(response)?.hooks;
}

/** The same four for all: a function of its own is kept in the shape of the object, and the request with it. */
const ownGates = {
  write(this: Gated, ...args: unknown[]): unknown {
    return this[keeper]?.pass("write", args);
  },
  end(this: Gated, ...args: unknown[]): unknown {
    return this[keeper]?.pass("end", args);
  },
  flushHeaders(this: Gated, ...args: unknown[]): unknown {
    return this[keeper]?.pass("flushHeaders", args);
  },
  writeHead(this: Gated, ...args: unknown[]): unknown {
    return this[keeper]?.pass("writeHead", args);
  },
};

function inheritedGates(response: ServerResponse): Gates | null {
  const prototype = Object.getPrototypeOf(response) as object;
  let found = known.get(prototype);
  if (found === undefined) {
    const host = hostOf(prototype);
    found = host === undefined ? null : gatesOn(host);
    known.set(prototype, found);
  }
  return found;
}

function isIntact(response: ServerResponse, found: Gates | null): boolean {
  return found === null || passages.every((name) => response[name] === found.gates[name]);
}

/** The framework's object right above Node's prototype: all its responses inherit from it. */
export function hostOf(prototype: object): ServerResponse | undefined {
  let at: object | null = prototype;
  while (at !== null) {
    const parent: unknown = Object.getPrototypeOf(at);
    if (parent === ServerResponse.prototype) return at as ServerResponse;
    at = parent as object | null;
  }
  return undefined;
}

function gatesOn(host: ServerResponse): Gates {
  const done = gatesOf.get(host);
  if (done !== undefined) return done;
  const originals = passagesOf(host);
  for (const name of passages) defineGate(host, name);
  const made = { gates: passagesOf(host), originals };
  gatesOf.set(host, made);
  return made;
}

function passagesOf({ write, end, flushHeaders, writeHead }: ServerResponse): Passages {
  return { write, end, flushHeaders, writeHead };
}

function defineGate(host: ServerResponse, name: Passage): void {
  const original = host[name] as (...args: unknown[]) => unknown;
  const value = function (this: Gated, ...args: unknown[]): unknown {
    const behind = keeperOf(this);
    return behind === undefined ? Reflect.apply(original, this, args) : behind.pass(name, args);
  };
  Object.defineProperty(host, name, { value, configurable: true, writable: true });
}
