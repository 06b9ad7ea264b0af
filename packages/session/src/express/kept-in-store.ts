import { createSessionId } from "../engine/session-id.ts";
import { settleSession } from "../http/callback.ts";
import type { Kept, LoginOptions, Stored, StoreHow, Visitor } from "./kept.ts";
import { countAge, isAged } from "./new-cookie.ts";
import type { ForeignStore } from "./options.ts";
import type { StoreCookie } from "./store-session.ts";

/** What express-session's stores know a session as. */
export type StoredSession = Record<string, unknown> & { cookie: StoreCookie; readonly id: string };

/** What all sessions of one store share. */
export interface StoreRules {
  readonly store: ForeignStore;
  readonly resave: boolean;
  /** An empty session object under an id. */
  blank(visit: Visitor, id: string): StoredSession;
}

/**
 * A session in somebody's store for express-session: stored whole, compared whole, with the guarantees that
 * the store gives.
 */
export class KeptInStore implements Kept {
  readonly view: StoredSession;
  readonly id: string;
  isNew: boolean;
  readonly #rules: StoreRules;
  readonly #visit: Visitor;
  #isAgeCounted = false;
  /** Stored by this request, which is enough for `resave`. */
  #isStored = false;
  /** The text of what is stored; of a new session, of one that holds nothing. */
  #text: string;

  constructor(rules: StoreRules, visit: Visitor, session: StoredSession, isNew: boolean) {
    this.#rules = rules;
    this.#visit = visit;
    this.view = session;
    this.id = session.id;
    this.isNew = isNew;
    this.#text = attributesText(session);
    dress(session, this, visit);
  }

  get cookie(): StoreCookie {
    return this.view.cookie;
  }

  get knownCookie(): undefined {
    return undefined;
  }

  get isAged(): boolean {
    return isAged(this.cookie);
  }

  get hasData(): boolean {
    return attributesText(this.view) !== "{}";
  }

  countAge(): void {
    if (!this.#isAgeCounted) countAge(this.cookie);
    this.#isAgeCounted = true;
  }

  store(how: StoreHow): Promise<Stored> | Stored {
    this.countAge();
    const text = attributesText(this.view);
    if (how.isUnchanged !== true && (this.#isUnsaved() || text !== this.#text)) {
      // Stored again only because of `resave`: nothing that a browser should be told.
      return this.#set(text, !this.isNew && text === this.#text ? "alive" : "stored");
    }
    return typeof this.#rules.store.touch === "function" ? this.#touch() : "alive";
  }

  #isUnsaved(): boolean {
    return this.isNew || (this.#rules.resave && !this.#isStored);
  }

  /** As express-session: `save()` stores in any case, and stands for the one at the end of the request. */
  async save(): Promise<Stored> {
    return this.#set(attributesText(this.view));
  }

  discard(): undefined {
    return undefined;
  }

  destroy(): Promise<void> {
    return called((done) => this.#rules.store.destroy(this.id, done));
  }

  /** A store knows no atomic exchange of ids: the new session is stored, then the old one ends. */
  async login(_principal: string, options: LoginOptions): Promise<Kept> {
    const next = new KeptInStore(this.#rules, this.#visit, this.#copy(options.keep), true);
    try {
      await next.save();
    } catch (error) {
      this.#reset();
      throw error;
    }
    if (!this.isNew) await this.destroy();
    return next;
  }

  /** What the application did since is forgotten: saved under the old id it could show a user to who planted that. */
  #reset(): void {
    const view: Record<string, unknown> = this.view as object as Record<string, unknown>;
    for (const name of Object.keys(view)) if (name !== "cookie") delete view[name];
    if (!this.isNew) Object.assign(view, JSON.parse(this.#text));
  }

  #copy(keep: readonly string[] | undefined): StoredSession {
    const copy = this.#rules.blank(this.#visit, createSessionId());
    for (const [name, value] of Object.entries(this.view)) {
      if (name === "cookie" || keep === undefined || keep.includes(name))
        Object.assign(copy, { [name]: value });
    }
    return copy;
  }

  async #set(text: string, stored: Stored = "stored"): Promise<Stored> {
    await called((done) => this.#rules.store.set(this.id, this.view, done));
    this.#text = text;
    this.isNew = false;
    this.#isStored = true;
    return stored;
  }

  async #touch(): Promise<Stored> {
    await called((done) => this.#rules.store.touch?.(this.id, this.view, done));
    return "alive";
  }
}

/** Everything but the cookie's settings, which change with every response. */
function attributesText(session: StoredSession): string {
  const { cookie: _cookie, ...attributes } = session;
  return JSON.stringify(attributes);
}

/** Give a session object our methods, which know promises and are not seen by `for … in`. */
function dress(session: StoredSession, kept: KeptInStore, visit: Visitor): void {
  const verbs = ["save", "reload", "destroy", "regenerate"] as const;
  for (const verb of verbs) {
    define(session, verb, (callback?: (error?: unknown) => void) =>
      settleSession(session, visit[verb](kept), callback),
    );
  }
  // Applications may have attributes of these names: they win.
  if (!("login" in session)) {
    define(session, "login", (principal: string, options?: LoginOptions) =>
      visit.login(kept, principal, options),
    );
  }
  if (!("logout" in session)) define(session, "logout", () => visit.logout(kept));
}

function define(session: object, name: string, value: unknown): void {
  Object.defineProperty(session, name, { value, configurable: true, enumerable: false, writable: true });
}

/** The answer of a method that calls back, perhaps at once, perhaps by throwing. */
export function called<Value = void>(
  call: (done: (error?: unknown, value?: Value) => void) => unknown,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error) reject(error);
      else resolve(value as Value);
    });
  });
}
