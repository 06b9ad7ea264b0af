import type { Attributes } from "../backend.ts";

/** Of more names than this one is looked up, not searched for. */
const MOST_SEARCHED = 32;

/** Names of attributes in their order: one object for all lists that differ in their values alone. */
class Names {
  readonly all: readonly string[];
  #places: ReadonlyMap<string, number> | undefined;

  constructor(all: readonly string[]) {
    this.all = all;
  }

  /** -1: it is none of them. */
  placeOf(name: string): number {
    if (this.all.length <= MOST_SEARCHED) return this.all.indexOf(name);
    this.#places ??= new Map(this.all.map((each, at) => [each, at]));
    return this.#places.get(name) ?? -1;
  }
}

/**
 * Attributes that nothing changes, so that a row can hand out its own, and what a write leaves alone is not copied:
 * most writes copy some values and no name, where a `Map` is copied for each read and each write.
 */
export class AttributeList implements Attributes {
  readonly #names: Names;
  readonly #values: readonly string[];

  static {
    // What `console.log` asks for: `util.inspect.custom`.
    Object.defineProperty(AttributeList.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value: function (this: AttributeList): Attributes {
        return new Map(this);
      },
    });
  }

  private constructor(names: Names, values: readonly string[]) {
    this.#names = names;
    this.#values = values;
  }

  static of(attributes: Attributes): AttributeList {
    if (attributes instanceof AttributeList) return attributes;
    return new AttributeList(new Names([...attributes.keys()]), [...attributes.values()]);
  }

  /** These, with others in the place of theirs or behind them. */
  with(others: Attributes): AttributeList {
    if (others.size === 0) return this;
    const values = this.#values.slice();
    let added: string[] | undefined;
    for (const [name, value] of others) {
      const place = this.#names.placeOf(name);
      if (place !== -1) values[place] = value;
      else {
        values.push(value);
        if (added === undefined) added = [name];
        else added.push(name);
      }
    }
    return new AttributeList(
      added === undefined ? this.#names : new Names([...this.#names.all, ...added]),
      values,
    );
  }

  without(names: readonly string[]): AttributeList {
    const gone = new Set(names);
    const kept = (_any: string, at: number): boolean => !gone.has(this.#names.all[at] as string);
    return new AttributeList(new Names(this.#names.all.filter(kept)), this.#values.filter(kept));
  }

  get size(): number {
    return this.#values.length;
  }

  get(name: string): string | undefined {
    const place = this.#names.placeOf(name);
    return place === -1 ? undefined : this.#values[place];
  }

  has(name: string): boolean {
    return this.#names.placeOf(name) !== -1;
  }

  keys(): MapIterator<string> {
    return this.#names.all.values();
  }

  values(): MapIterator<string> {
    return this.#values.values();
  }

  entries(): MapIterator<[string, string]> {
    const values = this.#values;
    return this.#names.all.map((name, at): [string, string] => [name, values[at] as string]).values();
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.entries();
  }

  forEach(visit: (value: string, name: string, attributes: Attributes) => void, self?: unknown): void {
    const { all } = this.#names;
    for (let at = 0; at < all.length; at += 1)
      visit.call(self, this.#values[at] as string, all[at] as string, this);
  }
}
