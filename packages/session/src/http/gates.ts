import type { ServerResponse } from "node:http";
import type { Guard } from "./guarded-head.ts";
import type { Verb } from "./held-call.ts";

/** The methods through which a response leaves. */
export type Passage = Verb | "writeHead";
export type Passages = Pick<ServerResponse, Passage>;

const passages = ["write", "end", "flushHeaders", "writeHead"] as const satisfies readonly Passage[];

/** Who decides what passes through the gates of one response. */
export interface Gatekeeper {
  pass(name: Passage, args: unknown[]): unknown;
  /** Who is asked about the head, while somebody is. */
  guard: Guard | undefined;
}

/** On a response that has gates: who keeps them. */
const keeper: unique symbol = Symbol("unstick.gatekeeper");
export type Gated = ServerResponse & { [keeper]?: Gatekeeper };

/** Who keeps the gates of a response; `undefined`: nobody. */
export function keeperOf(response: Gated): Gatekeeper | undefined {
  return response[keeper];
}

/** Let everything of a response pass through `gatekeeper`. Answers the methods behind the gates. */
export function keepGates(response: Gated, gatekeeper: Gatekeeper): Passages {
  const originals = passagesOf(response);
  if (response[keeper] === undefined) {
    response[keeper] = gatekeeper;
    putGates(response);
  } else setGates(response, gatekeeper);
  return originals;
}

function passagesOf({ write, end, flushHeaders, writeHead }: ServerResponse): Passages {
  return { write, end, flushHeaders, writeHead };
}

/** A second hold of a response, which the first one knows nothing of. */
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
  if (response[keeper] === gatekeeper) putGates(response);
  else setGates(response, gatekeeper);
}

/** Nobody is to be asked before the head any more: Node, which writes it, need not pass here. */
export function openHead(response: Gated, { writeHead: original }: Passages): void {
  if (response.writeHead === (writeHead as ServerResponse["writeHead"])) response.writeHead = original;
}

/** The same four for all: a function of its own is kept in the shape of the object, and the request with it. */
function putGates(response: Gated): void {
  response.write = write;
  response.end = end as ServerResponse["end"];
  response.flushHeaders = flushHeaders;
  response.writeHead = writeHead as ServerResponse["writeHead"];
}

function write(this: Gated, ...args: unknown[]): boolean {
  return this[keeper]?.pass("write", args) as boolean;
}

function end(this: Gated, ...args: unknown[]): unknown {
  return this[keeper]?.pass("end", args);
}

function flushHeaders(this: Gated, ...args: unknown[]): void {
  this[keeper]?.pass("flushHeaders", args);
}

function writeHead(this: Gated, ...args: unknown[]): unknown {
  return this[keeper]?.pass("writeHead", args);
}
