import type { Session as EngineSession } from "../engine/session.ts";
import { type SessionCallback, settleSession } from "../http/callback.ts";
import type { Kept, LoginOptions, Visitor } from "./kept.ts";
import type { StoreCookie } from "./store-session.ts";

/** What a view needs of the session behind it. */
export interface Viewed extends Kept {
  /** `undefined` while nothing was ever read or written: then there is no attribute. */
  attributes(): EngineSession | undefined;
  /** The same, made if it is not there yet. */
  writable(): EngineSession;
  setCookie(value: unknown): void;
}

const behind: unique symbol = Symbol("unstick.session");

interface Behind {
  readonly session: Viewed;
  readonly does: Visitor;
}
let behindOf: (target: Session) => Behind;

/** Asks the traps: applications see `req.session` through them, where no private field can be read. */
function behindView(view: Session): Behind {
  return (view as unknown as { readonly [behind]: Behind })[behind];
}

/**
 * `req.session`: attributes are its own enumerable properties, and are parsed when they are first read.
 * Methods and names of express-session, with promises besides callbacks.
 */
export class Session {
  declare cookie: StoreCookie;
  readonly #behind: Behind;

  static {
    behindOf = (target) => target.#behind;
  }

  constructor(session: Viewed, does: Visitor) {
    this.#behind = { session, does };
  }

  get id(): string {
    return behindView(this).session.id;
  }

  get req(): object {
    return behindView(this).does.request;
  }

  /** Count the cookie's age from now. */
  touch(): this {
    return this.resetMaxAge();
  }

  resetMaxAge(): this {
    this.cookie.maxAge = this.cookie.originalMaxAge;
    return this;
  }

  /** Store it now. At the end of the request that happens by itself. */
  save(callback: SessionCallback): this;
  save(): Promise<void>;
  save(callback?: SessionCallback): this | Promise<void> {
    return settleSession(this, behindView(this).does.save(behindView(this).session), callback);
  }

  /** Read it again: `req.session` is then another object, with what is stored now. */
  reload(callback: SessionCallback): this;
  reload(): Promise<void>;
  reload(callback?: SessionCallback): this | Promise<void> {
    return settleSession(this, behindView(this).does.reload(behindView(this).session), callback);
  }

  /** End it. `req.session` is then undefined, and the browser is told to forget the cookie. */
  destroy(callback: SessionCallback): this;
  destroy(): Promise<void>;
  destroy(callback?: SessionCallback): this | Promise<void> {
    return settleSession(this, behindView(this).does.destroy(behindView(this).session), callback);
  }

  /**
   * Begin an empty session in its place, under a new id. The exchange is one atomic step with the first
   * save, by which the old id is dead; of two requests that do it to one session the second gets a 409.
   */
  regenerate(callback: SessionCallback): this;
  regenerate(): Promise<void>;
  regenerate(callback?: SessionCallback): this | Promise<void> {
    return settleSession(this, behindView(this).does.regenerate(behindView(this).session), callback);
  }

  /**
   * From now on this is `principal`'s session: a new id in one atomic step with everything that changed, so
   * that an id planted before the login (CWE-384) opens nothing. For a short grace the old id still reads
   * the session as it was before. Rejects with a 409 when another request replaced the session first.
   * One that fails leaves the session as it is stored: what this request changed in it before is forgotten.
   */
  login(principal: string, options?: LoginOptions): Promise<void> {
    return behindView(this).does.login(behindView(this).session, principal, options);
  }

  /** End it, everywhere and for good. `req.session` is then a new one, of which nothing is stored. */
  logout(): Promise<void> {
    return behindView(this).does.logout(behindView(this).session);
  }
}

/** Applications may have attributes of these names, which express-session did not reserve. Those win. */
const notReserved = new Set<string | symbol>(["login", "logout"]);

const traps: ProxyHandler<Session> = {
  get(target, name, receiver) {
    if (typeof name === "symbol") return name === behind ? behindOf(target) : Reflect.get(target, name);
    if (name === "cookie") return behindOf(target).session.cookie;
    const attributes = isReserved(target, name) ? undefined : behindOf(target).session.attributes();
    const value = attributes?.get(name);
    if (value !== undefined || attributes?.has(name) === true) return value;
    return Reflect.get(target, name, receiver);
  },
  set(target, name, value) {
    if (typeof name === "symbol") return Reflect.set(target, name, value);
    if (name === "cookie") behindOf(target).session.setCookie(value);
    else if (isReserved(target, name)) return defineHidden(target, name, value);
    else behindOf(target).session.writable().set(name, value);
    return true;
  },
  has(target, name) {
    return isAttribute(target, name) || Reflect.has(target, name);
  },
  deleteProperty(target, name) {
    if (isAttribute(target, name))
      behindOf(target)
        .session.attributes()
        ?.delete(name as string);
    return name === "cookie" || Reflect.deleteProperty(target, name);
  },
  ownKeys(target) {
    const attributes = behindOf(target).session.attributes();
    const names =
      attributes === undefined ? [] : attributes.names().filter((name) => !isReserved(target, name));
    return [...new Set(["cookie", ...names, ...Reflect.ownKeys(target)])];
  },
  getOwnPropertyDescriptor(target, name) {
    if (!isAttribute(target, name)) return Reflect.getOwnPropertyDescriptor(target, name);
    const value: unknown = traps.get?.(target, name, target);
    return { value, writable: true, enumerable: true, configurable: true };
  },
  defineProperty(target, name, descriptor) {
    if (typeof name === "symbol" || descriptor.enumerable !== true || !("value" in descriptor)) {
      return Reflect.defineProperty(target, name, descriptor);
    }
    return traps.set?.(target, name, descriptor.value, target) ?? false;
  },
};

function isReserved(target: Session, name: string): boolean {
  return name in target && !notReserved.has(name);
}

function isAttribute(target: Session, name: string | symbol): boolean {
  if (typeof name === "symbol") return false;
  if (name === "cookie") return true;
  return !isReserved(target, name) && behindOf(target).session.attributes()?.has(name) === true;
}

/** A method that an application or another middleware put in place of ours; it is no attribute. */
function defineHidden(target: Session, name: string, value: unknown): boolean {
  return Reflect.defineProperty(target, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

export function viewSession(session: Viewed, does: Visitor): Session {
  return new Proxy(new Session(session, does), traps);
}
