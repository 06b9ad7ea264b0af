/** The attributes of a session, as the view reads and changes them. */
export interface Values {
  names(): readonly string[];
  has(name: string): boolean;
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  delete(name: string): void;
}

/** As of {@link KoaKept.store}: `"lost"`: another request ended or replaced it, nothing was written. */
export type KoaStored = "changed" | "kept" | "unchanged" | "lost";

export interface KoaStoreHow {
  /** Store it, or at least move its deadline, though nothing changed. */
  readonly isForced: boolean;
  readonly maxAge: number | "session" | undefined;
}

/** How one request holds one session, wherever the session is kept. */
export interface KoaKept {
  /** What the cookie says. */
  readonly key: string;
  readonly values: Values;
  /** Nothing is stored under this key yet. */
  readonly isNew: boolean;
  /** Milliseconds that it still lives, as far as is known. */
  readonly remainingMs: number;
  /** Store what changed, and tell what became of it. Answers without a promise when there is nothing to do. */
  store(how: KoaStoreHow, tell: (stored: KoaStored) => void): Promise<void> | undefined;
  /** Give it another key, with its data. */
  rename(key: string, how: KoaStoreHow): Promise<KoaStored>;
  /** The same for a principal that has just been proved. */
  login(principal: string, key: string, options: KoaLoginOptions, how: KoaStoreHow): Promise<KoaStored>;
  destroy(): Promise<void>;
}

export interface KoaLoginOptions {
  /** Attributes that go along with the login. Default: all. */
  readonly keep?: readonly string[];
  /** For the list of a user's sessions. Default: the User-Agent header and the peer's address. */
  readonly device?: { readonly userAgent?: string; readonly address?: string };
}
