import type { Engine } from "../engine/engine.ts";
import type { SaveOutcome } from "../engine/save-session.ts";
import type { Session as EngineSession } from "../engine/session.ts";
import type { KoaKept, KoaLoginOptions, KoaStored, KoaStoreHow, Values } from "./kept.ts";

/** A session on a backend: attribute by attribute, through the engine. Made when it is first written. */
export class KeptInBackend implements KoaKept, Values {
  readonly values: Values = this;
  readonly #engine: Engine;
  #key: string;
  #session: EngineSession | undefined;

  constructor(engine: Engine, key: string, loaded?: EngineSession) {
    this.#engine = engine;
    this.#key = key;
    this.#session = loaded;
  }

  get key(): string {
    return this.#session?.id ?? this.#key;
  }

  get isNew(): boolean {
    return this.#session?.isNew ?? true;
  }

  get remainingMs(): number {
    return this.#session?.remainingMs ?? 0;
  }

  names(): readonly string[] {
    return this.#session?.names() ?? [];
  }

  has(name: string): boolean {
    return this.#session?.has(name) ?? false;
  }

  get(name: string): unknown {
    return this.#session?.get(name);
  }

  set(name: string, value: unknown): void {
    this.#writable().set(name, value);
  }

  delete(name: string): void {
    this.#session?.delete(name);
  }

  store({ isForced, maxAge }: KoaStoreHow, tell: (stored: KoaStored) => void): Promise<void> | undefined {
    const session = this.#aged(maxAge);
    return session.saveNow({ deadline: isForced ? "always" : "due" }, (outcome): undefined => {
      tell(session.isReplaced && outcome === "unchanged" ? "lost" : asStored(outcome));
    });
  }

  async rename(key: string, how: KoaStoreHow): Promise<KoaStored> {
    const session = this.#aged(how.maxAge);
    const result = await session.rename({ id: key });
    return result === "followed" ? "lost" : this.#settled(session, how);
  }

  async login(
    principal: string,
    key: string,
    { keep, device }: KoaLoginOptions,
    how: KoaStoreHow,
  ): Promise<KoaStored> {
    const session = this.#aged(how.maxAge);
    const result = await session.login(principal, {
      id: key,
      ...(keep !== undefined && { keep }),
      ...(device !== undefined && { device }),
    });
    return result === "followed" ? "lost" : this.#settled(session, how);
  }

  async destroy(): Promise<void> {
    await this.#session?.destroy();
  }

  /** A session that was new has only got another id; it is stored now. */
  async #settled(session: EngineSession, how: KoaStoreHow): Promise<KoaStored> {
    let stored: KoaStored = "changed";
    if (session.isNew)
      await this.store({ ...how, isForced: true }, (told) => {
        stored = told;
      });
    return stored;
  }

  #writable(): EngineSession {
    this.#session ??= this.#engine.create(this.#key);
    return this.#session;
  }

  #aged(maxAge: KoaStoreHow["maxAge"]): EngineSession {
    const session = this.#writable();
    if (typeof maxAge === "number") session.idleMs = maxAge;
    return session;
  }
}

function asStored(outcome: SaveOutcome): KoaStored {
  if (outcome === "created" || outcome === "updated") return "changed";
  if (outcome === "touched") return "kept";
  return outcome === "unchanged" ? "unchanged" : "lost";
}
