import { IncomingMessage } from "node:http";

/** In V8 before 13 (Node before 24), what gets another prototype has a shape of its own from the next property on. */
const isShapeOwn = Number.parseInt(process.versions.v8 ?? "", 10) < 13;

/** Prototype → whether it is one that a framework gives to requests that it did not make. */
const adopting = new WeakMap<object, boolean>();

/**
 * Lets all requests of Express, and all its responses, have one shape again. Express gives both another prototype.
 * Where each then has a shape of its own, the engine copies that for every property that is added, some 3 µs and a
 * kilobyte, and looks up anew every property that anybody reads, a hundred times a request. To take a property
 * away and put it back makes the object a dictionary, whose shape is shared until a mounted application takes it over
 * or a full garbage collection begins another: nothing else about it changes, but for the place of two names in
 * `Object.keys()`, and bare Express answers half as many requests again.
 */
export function shareShape(request: object, response: object): void {
  if (!isShapeOwn || !isAdopted(request)) return;
  putBack(request, "statusMessage");
  putBack(response, "sendDate");
}

/** A class has a constructor; the object that Express puts in the place of Node's prototype has none. */
function isAdopted(request: object): boolean {
  const prototype = Object.getPrototypeOf(request) as object | null;
  if (prototype === null || prototype === IncomingMessage.prototype) return false;
  let isAdopting = adopting.get(prototype);
  if (isAdopting === undefined) {
    isAdopting = !Object.hasOwn(prototype, "constructor");
    adopting.set(prototype, isAdopting);
  }
  return isAdopting;
}

function putBack(object: object, name: string): void {
  const property = Object.getOwnPropertyDescriptor(object, name);
  if (property?.configurable !== true || !Object.isExtensible(object)) return;
  Reflect.deleteProperty(object, name);
  Object.defineProperty(object, name, property);
}
