import type { KoaKept, KoaLoginOptions, KoaStored, KoaStoreHow, Values } from "./kept.ts";
import type { ForeignKoaStore } from "./middleware-options.ts";

/** koa-session gives a store ten seconds more than the cookie, so that the cookie ends first. */
const SLACK_MS = 10_000;
const ONE_DAY_MS = 86_400_000;

/** What a call of a store says beside the data. */
export interface StoreNotes {
  readonly ctx: unknown;
  readonly rolling: boolean;
}

/** A session in somebody's store for koa-session: stored whole, compared whole, by its text. */
export class KeptInStore implements KoaKept, Values {
  readonly values: Values = this;
  readonly #store: ForeignKoaStore;
  readonly #notes: StoreNotes;
  readonly #data: Map<string, unknown>;
  readonly #expire: unknown;
  #key: string;
  /** The text of what is stored; `undefined`: nothing is. */
  #text: string | undefined;

  constructor(store: ForeignKoaStore, notes: StoreNotes, key: string, loaded?: Record<string, unknown>) {
    this.#store = store;
    this.#notes = notes;
    this.#key = key;
    this.#data = new Map(Object.entries(loaded ?? {}));
    this.#expire = this.#data.get("_expire");
    this.#text = loaded === undefined ? undefined : this.#asText();
  }

  get key(): string {
    return this.#key;
  }

  get isNew(): boolean {
    return this.#text === undefined;
  }

  get remainingMs(): number {
    return typeof this.#expire === "number" ? this.#expire - Date.now() : Number.POSITIVE_INFINITY;
  }

  names(): readonly string[] {
    return [...this.#data.keys()];
  }

  has(name: string): boolean {
    return this.#data.has(name);
  }

  get(name: string): unknown {
    return this.#data.get(name);
  }

  set(name: string, value: unknown): void {
    this.#data.set(name, value);
  }

  delete(name: string): void {
    this.#data.delete(name);
  }

  store(how: KoaStoreHow, tell: (stored: KoaStored) => void): Promise<void> | undefined {
    const text = this.#asText();
    if (text !== this.#text || how.isForced) return this.#set(text, how).then(tell);
    tell("unchanged");
    return undefined;
  }

  async rename(key: string, how: KoaStoreHow): Promise<KoaStored> {
    const old = this.#key;
    const wasStored = !this.isNew;
    this.#key = key;
    try {
      await this.#set(this.#asText(), how);
    } catch (error) {
      this.#key = old;
      this.#reset();
      throw error;
    }
    if (wasStored) await this.#store.destroy(old, { ctx: this.#notes.ctx });
    return "changed";
  }

  login(_principal: string, key: string, options: KoaLoginOptions, how: KoaStoreHow): Promise<KoaStored> {
    const { keep } = options;
    if (keep !== undefined) for (const name of this.names()) if (!keep.includes(name)) this.delete(name);
    return this.rename(key, how);
  }

  async destroy(): Promise<void> {
    await this.#store.destroy(this.#key, { ctx: this.#notes.ctx });
  }

  async #set(text: string, { maxAge = ONE_DAY_MS }: KoaStoreHow): Promise<KoaStored> {
    const changed = text !== this.#text;
    const data: Record<string, unknown> = JSON.parse(text) as Record<string, unknown>;
    if (maxAge === "session") data._session = true;
    else Object.assign(data, { _expire: Date.now() + maxAge, _maxAge: maxAge });
    const storeMs = maxAge === "session" ? maxAge : maxAge + SLACK_MS;
    await this.#store.set(this.#key, data, storeMs, { ...this.#notes, changed });
    this.#text = text;
    return "changed";
  }

  /** What the application did since is forgotten: saved under the old key it could show a user to who planted that. */
  #reset(): void {
    for (const name of this.names()) if (!name.startsWith("_")) this.#data.delete(name);
    for (const [name, value] of Object.entries(JSON.parse(this.#text ?? "{}"))) this.#data.set(name, value);
  }

  /** What koa-session stores: no names that begin with an underscore. */
  #asText(): string {
    return JSON.stringify(Object.fromEntries([...this.#data].filter(([name]) => !name.startsWith("_"))));
  }
}
