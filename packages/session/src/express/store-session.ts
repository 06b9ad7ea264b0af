import type { StoreCallback } from "./store-callback.ts";

/**
 * A session's cookie settings, as express-session has them: `expires` follows `maxAge`, and setting either
 * remembers the age as `originalMaxAge`.
 */
export class StoreCookie {
  /** Properties in the order and under the names that express-session's Cookie has. */
  declare _expires: Date | null | undefined;
  declare originalMaxAge: number | null;
  path = "/";
  httpOnly = true;
  declare secure?: boolean | "auto";
  declare domain?: string;
  declare sameSite?: boolean | "lax" | "strict" | "none";
  declare priority?: "low" | "medium" | "high";
  declare partitioned?: boolean;

  constructor(settings: Readonly<Record<string, unknown>>) {
    this.maxAge = null;
    for (const name of Object.keys(settings)) {
      if (name !== "data" && name !== "originalMaxAge") Object.assign(this, { [name]: settings[name] });
    }
    this.originalMaxAge = (settings.originalMaxAge ?? this.maxAge) as number | null;
  }

  get expires(): Date | null | undefined {
    return this._expires;
  }

  set expires(date: Date | null | undefined) {
    this._expires = date;
    this.originalMaxAge = this.maxAge as number | null;
  }

  /** Milliseconds from now until `expires`; without one, what `expires` is, as express-session has it. */
  get maxAge(): number | undefined {
    const { _expires } = this;
    return _expires instanceof Date
      ? _expires.getTime() - Date.now()
      : (_expires as null | undefined as undefined);
  }

  set maxAge(ms: number | null | undefined) {
    if (ms !== null && ms !== undefined && typeof ms !== "number")
      throw new TypeError("maxAge must be a number");
    this.expires = typeof ms === "number" ? new Date(Date.now() + ms) : ms;
  }

  /** What is put into the Set-Cookie header and into the store. */
  get data(): Record<string, unknown> {
    const { originalMaxAge, partitioned, priority, secure, httpOnly, domain, path, sameSite } = this;
    return {
      originalMaxAge,
      partitioned,
      priority,
      expires: this._expires,
      secure,
      httpOnly,
      domain,
      path,
      sameSite,
    };
  }

  toJSON(): Record<string, unknown> {
    return this.data;
  }
}

/** The cookie of a session that was stored; one that lost its settings is a session all the same, and no error 500. */
export function storedCookie(settings: Readonly<Record<string, unknown>>): StoreCookie {
  const cookie = new StoreCookie(settings);
  if (typeof settings.expires === "string") cookie.expires = new Date(settings.expires);
  cookie.originalMaxAge = (settings.originalMaxAge ?? null) as number | null;
  return cookie;
}

/** What a session needs of its request. */
export interface SessionRequest {
  sessionID: string;
  session?: unknown;
  sessionStore?: SessionStoreLike;
}

interface SessionStoreLike {
  get(id: string, callback: StoreCallback<object | null>): unknown;
  set(id: string, session: object, callback: StoreCallback): unknown;
  destroy(id: string, callback?: StoreCallback): unknown;
  regenerate(request: SessionRequest, callback: StoreCallback): unknown;
  createSession(request: SessionRequest, session: object): unknown;
}

/**
 * `req.session` of a session that was loaded, with express-session's methods. Built here, so that the store
 * needs no particular copy of express-session beside it.
 */
export class StoreSession {
  declare readonly id: string;
  declare readonly req: SessionRequest;
  declare cookie: StoreCookie;

  constructor(request: SessionRequest, data: Readonly<Record<string, unknown>>) {
    Object.defineProperty(this, "req", { value: request });
    Object.defineProperty(this, "id", { value: request.sessionID });
    for (const name of Object.keys(data)) {
      if (!(name in this)) Object.assign(this, { [name]: data[name] });
    }
  }

  touch(): this {
    return this.resetMaxAge();
  }

  resetMaxAge(): this {
    this.cookie.maxAge = this.cookie.originalMaxAge;
    return this;
  }

  save(callback: StoreCallback = () => {}): this {
    this.req.sessionStore?.set(this.id, this, callback);
    return this;
  }

  reload(callback: StoreCallback): this {
    const { req, id } = this;
    req.sessionStore?.get(id, (error, data) => {
      if (error) return callback(error);
      if (!data) return callback(new Error("failed to load session"));
      req.sessionStore?.createSession(req, data);
      callback(null);
    });
    return this;
  }

  destroy(callback?: StoreCallback): this {
    delete this.req.session;
    this.req.sessionStore?.destroy(this.id, callback);
    return this;
  }

  regenerate(callback: StoreCallback): this {
    this.req.sessionStore?.regenerate(this.req, callback);
    return this;
  }
}
