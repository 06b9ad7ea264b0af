import type { AffinityHolder, RequestAffinity } from "./affinity.ts";
import type { HeadQueue, Waiting } from "./head-gate.ts";

/**
 * What one request of a framework bears for us, and its response with it, where a property of their own would be dear
 * (see `frameworkPrototype`). A WeakMap is dearer still: what it holds for a request points back to the request, and
 * while that is so a minor collection frees neither.
 */
export class Exchange implements AffinityHolder, HeadQueue {
  readonly request: object;
  affinity?: RequestAffinity;
  waiting: Waiting | undefined = undefined;

  constructor(request: object) {
    this.request = request;
  }
}

const bearing: unique symbol = Symbol("unstick.affinity");

/** `rawHeaders` is an array of each request's own, and an ordinary one: a property costs it next to nothing. */
export interface Bearer {
  readonly rawHeaders?: readonly string[] & { readonly [bearing]?: Exchange };
}

/** Of a request that bears nothing: `undefined`. */
export function findExchange(request: Bearer): Exchange | undefined {
  const found = request.rawHeaders?.[bearing];
  return found !== undefined && found.request === request ? found : undefined;
}

/** `undefined` for a request that can bear nothing, as a test's may be that shares its `rawHeaders` with others. */
export function openExchange(request: Bearer): Exchange | undefined {
  const { rawHeaders } = request;
  if (rawHeaders === undefined || !Object.isExtensible(rawHeaders)) return undefined;
  const found = rawHeaders[bearing];
  if (found !== undefined) return found.request === request ? found : undefined;
  const made = new Exchange(request);
  Object.defineProperty(rawHeaders, bearing, { value: made });
  return made;
}
