import type { Attributes } from "../backend.ts";

/**
 * Attributes of a row as they are handed out: the row's own, since nothing changes a row in place, but with no method
 * to change them by. To copy them for each read costs more than the rest of a read.
 */
export class HandedOut implements Attributes {
  readonly #attributes: Attributes;

  static {
    // What `console.log` asks for: `util.inspect.custom`.
    Object.defineProperty(HandedOut.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value: function (this: HandedOut): Attributes {
        return new Map(this.#attributes);
      },
    });
  }

  constructor(attributes: Attributes) {
    this.#attributes = attributes;
  }

  get size(): number {
    return this.#attributes.size;
  }

  get(name: string): string | undefined {
    return this.#attributes.get(name);
  }

  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  keys(): MapIterator<string> {
    return this.#attributes.keys();
  }

  values(): MapIterator<string> {
    return this.#attributes.values();
  }

  entries(): MapIterator<[string, string]> {
    return this.#attributes.entries();
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.#attributes.entries();
  }

  forEach(visit: (value: string, name: string, attributes: Attributes) => void, self?: unknown): void {
    for (const [name, value] of this.#attributes) visit.call(self, value, name, this);
  }
}
