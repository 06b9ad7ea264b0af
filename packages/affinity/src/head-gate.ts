import { ServerResponse } from "node:http";
import { findExchange } from "./exchange.ts";
import { frameworkPrototype } from "./framework-prototype.ts";
import { editHead, type HeadArguments, type HeadEdit, type NodeResponse } from "./response-head.ts";

/** Says what a head needs when it is about to be written. */
export interface HeadEditor {
  /** Cheap, and asked first: false when the head needs nothing, whoever writes it. */
  readonly isPending: boolean;
  /** Null for nothing. */
  prepare(): HeadEdit | null;
}

/** Who waits for one head. The last to come is asked first. */
interface Waiting {
  readonly editor: HeadEditor;
  readonly older: Waiting | undefined;
}

/** Where editors wait when the gate is not the response's own. */
export interface HeadQueue {
  waiting: Waiting | undefined;
}

type WriteHead = (...head: HeadArguments) => unknown;

/** Under this a response with a gate of its own bears who waits for its head. */
const waiting: unique symbol = Symbol("unstick.affinity.waiting");

interface Gated {
  writeHead: WriteHead;
  readonly headersSent: boolean;
  readonly req?: object;
  [waiting]?: Waiting;
}

/**
 * Asks `editor` each time a final head is about to be written, last thing before Node takes it, and has the edit
 * that it answers done on it. Explicit and implicit heads meet in `writeHead`, on HTTP/1 and in HTTP/2's
 * compatibility layer alike; 1xx heads have ways of their own. A head that Node then refuses comes by again, so
 * an edit must be repeatable. A head that needs none goes on as it came.
 *
 * `queue` is the exchange of the response's request, if it has one.
 */
export function beforeHead(response: NodeResponse, queue: HeadQueue | undefined, editor: HeadEditor): void {
  const gated = response as unknown as Gated;
  if (queue !== undefined && inheritsGate(gated)) {
    queue.waiting = { editor, older: queue.waiting };
    return;
  }
  const older = gated[waiting];
  gated[waiting] = { editor, older };
  if (older === undefined) gated.writeHead = ownGate(gated);
}

/** Another framework may have given the response another prototype since: then the queue's gate must be found there. */
export function keepGate(response: NodeResponse, queue: HeadQueue): void {
  const { waiting: moved } = queue;
  if (moved === undefined || inheritsGate(response as unknown as Gated)) return;
  queue.waiting = undefined;
  for (const editor of oldestFirst(moved)) beforeHead(response, undefined, editor);
}

function oldestFirst({ editor, older }: Waiting): HeadEditor[] {
  return older === undefined ? [editor] : [...oldestFirst(older), editor];
}

function editFor(list: Waiting | undefined, response: Gated, head: HeadArguments): HeadArguments {
  let edited = head;
  for (let at = list; at !== undefined; at = at.older) {
    if (!at.editor.isPending) continue;
    if (response.headersSent || (head[0] >= 100 && head[0] < 200)) return head;
    const edit = at.editor.prepare();
    if (edit !== null) edited = editHead(response as unknown as NodeResponse, edited, edit);
  }
  return edited;
}

/** `writeHead` of a prototype → the gate before it, the same for all responses that inherit it. */
const ownGates = new WeakMap<WriteHead, WriteHead>();

/** The gate that one response bears itself, before whatever its `writeHead` is now. */
function ownGate(response: Gated): WriteHead {
  const { writeHead } = response;
  const known = ownGates.get(writeHead);
  if (known !== undefined) return known;
  const gate = function (this: Gated, ...head: HeadArguments): unknown {
    return Reflect.apply(writeHead, this, editFor(this[waiting], this, head));
  };
  if (!Object.hasOwn(response, "writeHead")) ownGates.set(writeHead, gate);
  return gate;
}

/** Prototype of a response → the framework's, with a gate of ours; null: without. */
const hosts = new WeakMap<object, Gated | null>();
const gatedHosts = new WeakSet<object>();

/**
 * Where a framework has a prototype of its own, all its responses share one gate there. Not where somebody wrapped
 * this response's `writeHead`, perhaps before the gate was there; nor where the framework's prototype had a
 * `writeHead` before, whose owner may want to find it.
 */
function inheritsGate(response: Gated): boolean {
  const prototype = Object.getPrototypeOf(response) as object | null;
  if (prototype === null) return false;
  let host = hosts.get(prototype);
  if (host === undefined) {
    host = gatedHost(prototype);
    hosts.set(prototype, host);
  }
  return host !== null && response.writeHead === host.writeHead;
}

function gatedHost(prototype: object): Gated | null {
  const host = frameworkPrototype(prototype, ServerResponse.prototype) as Gated | undefined;
  if (host === undefined) return null;
  if (gatedHosts.has(host)) return host;
  if (Object.hasOwn(host, "writeHead") || !Object.isExtensible(host)) return null;
  const { writeHead } = host;
  const value = function (this: Gated, ...head: HeadArguments): unknown {
    return Reflect.apply(writeHead, this, editFor(findExchange(this.req, this)?.waiting, this, head));
  };
  Object.defineProperty(host, "writeHead", { value, configurable: true, writable: true });
  gatedHosts.add(host);
  return host;
}
