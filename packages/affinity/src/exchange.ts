import type { AffinityHolder } from "./affinity.ts";
import type { HeadQueue } from "./head-gate.ts";

/**
 * What one request of a framework bears for us, and its response with it, where a property of their own would be dear
 * (see `frameworkPrototype`). A WeakMap is dearer still: what it holds for a request points back to the request, and
 * while that is so a minor collection frees neither.
 */
export interface Exchange extends AffinityHolder, HeadQueue {
  readonly request: object;
}

/** Of Node's own, an ordinary array of each request's own: whatever is added to it costs next to nothing. */
export interface Bearer {
  readonly rawHeaders?: unknown;
}

function same(object: object): object {
  return object;
}

/** A constructor that answers its argument: a class that extends it puts its private fields on that. */
const Same = same as unknown as new (object: object) => object;

/** Gives an object a private field, which nobody sees, lists or compares. */
class Borne extends Same {
  readonly #exchange: Exchange;

  constructor(object: object, exchange: Exchange) {
    super(object);
    this.#exchange = exchange;
  }

  static read(object: object): Exchange | undefined {
    return #exchange in object ? object.#exchange : undefined;
  }
}

/** Of a request that bears nothing, and of whatever a test calls a request: `undefined`. */
export function findExchange(request: Bearer | undefined): Exchange | undefined {
  const rawHeaders = request?.rawHeaders;
  const found = Array.isArray(rawHeaders) ? Borne.read(rawHeaders) : undefined;
  return found?.request === request ? found : undefined;
}

/** `undefined` for a request that can bear nothing, as a test's may be that shares its `rawHeaders` with others. */
export function openExchange(request: Bearer): Exchange | undefined {
  const { rawHeaders } = request;
  if (!Array.isArray(rawHeaders) || !Object.isExtensible(rawHeaders)) return undefined;
  const found = Borne.read(rawHeaders);
  if (found !== undefined) return found.request === request ? found : undefined;
  const made: Exchange = { request, waiting: undefined };
  new Borne(rawHeaders, made);
  return made;
}
