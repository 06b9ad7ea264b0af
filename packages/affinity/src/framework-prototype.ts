/**
 * The object of a framework that all its requests, or all its responses, inherit from: the one right above Node's
 * own prototype. `undefined` where the prototype is Node's own, which is everybody's and left alone.
 *
 * Express gives each request and response another prototype. Node before 24 then copies the shape of the object, some
 * 3 µs and a kilobyte, for every property added to it. What stands on this prototype costs none of that.
 */
export function frameworkPrototype(prototype: object | null, ofNode: object): object | undefined {
  let at = prototype;
  while (at !== null) {
    const above = Object.getPrototypeOf(at) as object | null;
    if (above === ofNode) return at;
    at = above;
  }
  return undefined;
}
