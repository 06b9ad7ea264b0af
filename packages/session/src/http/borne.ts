import type { ServerResponse } from "node:http";

function same(object: object): object {
  return object;
}

/** A constructor that answers its argument: a class that extends it puts its private fields on that. */
const Same = same as unknown as new (object: object) => object;

/** What can be borne for a response. */
export interface ForResponse {
  readonly response: ServerResponse;
}

/** Gives an object a private field, which nobody sees, lists or compares. */
class Borne<Value extends ForResponse> extends Same {
  readonly #value: Value;

  constructor(object: object, value: Value) {
    super(object);
    this.#value = value;
  }

  static read(object: object): ForResponse | undefined {
    return #value in object ? (object as Borne<ForResponse>).#value : undefined;
  }
}

/**
 * Bear a value for a response of Express without a property of its own, which would be dear (see `gates.ts`): as a
 * private field of its request's `rawHeaders`, an ordinary array of Node's own, and each request's own. A WeakMap is
 * dearer still: its value points back to the response, and while that is so a minor collection frees neither.
 * The state of its stream bears it, too, since middleware may give a request other headers, or another body.
 * False where that cannot be, as in a test whose requests share their headers.
 */
export function bear(value: ForResponse): boolean {
  const { req } = value.response as Bearing;
  bearOn(req?.rawHeaders, value);
  bearOn(req?._readableState, value);
  return borneFor(value.response) === value;
}

/** What is borne for a response. */
export function borneFor(response: ServerResponse): ForResponse | undefined {
  const { req } = response as Bearing;
  return borneBy(req?.rawHeaders, response) ?? borneBy(req?._readableState, response);
}

interface Bearing {
  readonly req?: { readonly rawHeaders?: unknown; readonly _readableState?: unknown };
}

function bearOn(object: unknown, value: ForResponse): void {
  if (isObject(object) && Object.isExtensible(object) && Borne.read(object) === undefined)
    new Borne(object, value);
}

function borneBy(object: unknown, response: ServerResponse): ForResponse | undefined {
  const found = isObject(object) ? Borne.read(object) : undefined;
  return found?.response === response ? found : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
