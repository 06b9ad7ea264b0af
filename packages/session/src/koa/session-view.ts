import { type SessionCallback, settleSession } from "../http/callback.ts";
import type { KoaLoginOptions, Values } from "./kept.ts";

/** What the methods of `ctx.session` do. */
export interface ViewedSession {
  readonly key: string;
  readonly isNew: boolean;
  readonly values: Values;
  maxAge: number | "session" | undefined;
  save(): Promise<void>;
  commit(): Promise<void> | undefined;
  regenerate(): Promise<void>;
  login(principal: string, options?: KoaLoginOptions): Promise<void>;
  logout(): Promise<void>;
}

const behind: unique symbol = Symbol("unstick.koa-session");
/** What `console.log` asks for: `util.inspect.custom`. */
const inspected: unique symbol = Symbol.for("nodejs.util.inspect.custom");
let behindOf: (target: KoaSession) => ViewedSession;

/** Asks the traps: applications see `ctx.session` through them, where no private field can be read. */
function behindView(view: KoaSession): ViewedSession {
  return (view as unknown as { readonly [behind]: ViewedSession })[behind];
}

/**
 * `ctx.session`: attributes are its own properties, and are parsed when they are first read. Names and methods
 * of koa-session; names that begin with an underscore last for the request and are not stored.
 */
export class KoaSession {
  readonly #behind: ViewedSession;

  static {
    behindOf = (target) => target.#behind;
    const value = function (this: KoaSession): object {
      return this.toJSON();
    };
    Object.defineProperty(KoaSession.prototype, inspected, { value, configurable: true, writable: true });
  }

  constructor(viewed: ViewedSession) {
    this.#behind = viewed;
  }

  /** Nothing was stored under this key when the request began. */
  get isNew(): boolean {
    return behindView(this).isNew;
  }

  /** What the cookie says. */
  get externalKey(): string {
    return behindView(this).key;
  }

  /** Milliseconds, or `"session"`: until the browser closes. Setting it stores the session. */
  get maxAge(): number | "session" | undefined {
    return behindView(this).maxAge;
  }

  set maxAge(maxAge: number | "session" | undefined) {
    behindView(this).maxAge = maxAge;
  }

  get length(): number {
    return Object.keys(this.toJSON()).length;
  }

  get populated(): boolean {
    return this.length > 0;
  }

  toJSON(): Record<string, unknown> {
    const { values } = behindView(this);
    const json: Record<string, unknown> = {};
    for (const name of values.names()) {
      if (isStored(name)) Object.defineProperty(json, name, enumerable(values.get(name)));
    }
    return json;
  }

  /** Store it now, changed or not. At the end of the request that happens by itself. */
  save(callback: SessionCallback): this;
  save(): Promise<void>;
  save(callback?: SessionCallback): this | Promise<void> {
    return settleSession(this, behindView(this).save(), callback);
  }

  /** Another key with the same data, in one atomic step; of two requests that do it the second gets a 409. */
  regenerate(callback: SessionCallback): this;
  regenerate(): Promise<void>;
  regenerate(callback?: SessionCallback): this | Promise<void> {
    return settleSession(this, behindView(this).regenerate(), callback);
  }

  /** With `autoCommit: false`: store what changed, and set the cookie. */
  async manuallyCommit(): Promise<void> {
    await behindView(this).commit();
  }

  /**
   * From now on this is `principal`'s session: a new key in one atomic step with everything that changed, so
   * that a key planted before the login (CWE-384) opens nothing. One that fails leaves the session as it is
   * stored: what this request changed in it before is forgotten.
   */
  login(principal: string, options?: KoaLoginOptions): Promise<void> {
    return behindView(this).login(principal, options);
  }

  /** End it, everywhere and for good. `ctx.session` is then a new one, of which nothing is stored. */
  logout(): Promise<void> {
    return behindView(this).logout();
  }
}

/** Applications may have attributes of these names, which koa-session did not reserve. Those win. */
const notReserved = new Set<string>(["login", "logout"]);

const traps: ProxyHandler<KoaSession> = {
  get(target, name, receiver) {
    if (typeof name === "symbol")
      return name === behind ? behindOf(target) : Reflect.get(target, name, receiver);
    const { values } = behindOf(target);
    if (isAttribute(target, name)) {
      const value = values.get(name);
      if (value !== undefined || values.has(name)) return value;
    }
    return Reflect.get(target, name, receiver);
  },
  set(target, name, value, receiver) {
    if (isAttribute(target, name) && typeof value !== "function") {
      behindOf(target).values.set(name as string, value);
      return true;
    }
    if (name in target && !Object.hasOwn(target, name) && isAccessor(name)) {
      return name !== "maxAge" || Reflect.set(target, name, value, receiver);
    }
    return Reflect.defineProperty(target, name, { ...enumerable(value), enumerable: false });
  },
  has(target, name) {
    return (isAttribute(target, name) && behindOf(target).values.has(name as string)) || name in target;
  },
  deleteProperty(target, name) {
    if (isAttribute(target, name)) behindOf(target).values.delete(name as string);
    return Reflect.deleteProperty(target, name);
  },
  ownKeys(target) {
    const names = behindOf(target)
      .values.names()
      .filter((name) => isAttribute(target, name));
    return [...new Set([...names, ...Reflect.ownKeys(target)])];
  },
  getOwnPropertyDescriptor(target, name) {
    const { values } = behindOf(target);
    if (isAttribute(target, name) && values.has(name as string))
      return enumerable(values.get(name as string));
    return Reflect.getOwnPropertyDescriptor(target, name);
  },
  defineProperty(target, name, descriptor) {
    if (isAttribute(target, name) && descriptor.enumerable === true && "value" in descriptor) {
      behindOf(target).values.set(name as string, descriptor.value);
      return true;
    }
    return Reflect.defineProperty(target, name, descriptor);
  },
};

function isStored(name: string): boolean {
  return !name.startsWith("_");
}

function isAttribute(target: KoaSession, name: string | symbol): boolean {
  if (typeof name === "symbol" || !isStored(name)) return false;
  return notReserved.has(name) || !(name in target);
}

function isAccessor(name: string | symbol): boolean {
  return Object.getOwnPropertyDescriptor(KoaSession.prototype, name)?.get !== undefined;
}

function enumerable(value: unknown): PropertyDescriptor {
  return { value, configurable: true, enumerable: true, writable: true };
}

export function viewKoaSession(viewed: ViewedSession): KoaSession {
  return new Proxy(new KoaSession(viewed), traps);
}
