import type { IncomingMessage } from "node:http";
import { createSessionId } from "../engine/session-id.ts";
import { tellGuarantees } from "../http/foreign-store.ts";
import type { Kept, RequestWithSession, Shelf, Visitor } from "./kept.ts";
import { called, KeptInStore, type StoredSession, type StoreRules } from "./kept-in-store.ts";
import { newCookie, restoredCookie } from "./new-cookie.ts";
import type { ForeignStore, SessionConfig } from "./options.ts";
import { SessionStore } from "./session-store.ts";
import { type SessionRequest, StoreSession } from "./store-session.ts";

/** Sessions in a store for express-session. */
export class StoreShelf implements Shelf {
  isReady = true;
  readonly #store: ForeignStore;
  readonly #rules: StoreRules;

  constructor(config: SessionConfig) {
    const store = config.store as ForeignStore;
    this.#store = store;
    const blank = (request: IncomingMessage, id: string): StoredSession => {
      const session = new StoreSession(asSessionRequest(request, id), {});
      session.cookie = newCookie(config.cookieFor(request), request, config.proxy);
      return session as unknown as StoredSession;
    };
    this.#rules = { store, resave: config.resave, blank: (visit, id) => blank(visit.request, id) };
    // express-session's contract: the base class of stores calls this to begin a session.
    store.generate = (request: RequestWithSession): void => {
      const id = config.genid?.(request) ?? createSessionId();
      request.sessionID = id;
      request.session = blank(request, id);
    };
    store.on?.("disconnect", () => {
      this.isReady = false;
    });
    store.on?.("connect", () => {
      this.isReady = true;
    });
    if (!(store instanceof SessionStore)) tellGuarantees(store);
  }

  get sessionStore(): object {
    return this.#store;
  }

  async load(id: string, visit: Visitor): Promise<Kept | null> {
    const data = await called<Record<string, unknown> | null>((done) =>
      this.#store.get(id, done as never),
    ).catch((error: NodeJS.ErrnoException) => {
      // A store of files: there is none.
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (!data) return null;
    return new KeptInStore(this.#rules, visit, this.#inflate(visit.request, id, data), false);
  }

  create(visit: Visitor): Kept {
    const id = visit.newId();
    // The application may look at it while its object is made.
    visit.request.sessionID = id;
    return new KeptInStore(this.#rules, visit, this.#rules.blank(visit, id), true);
  }

  async replace(old: Kept, visit: Visitor): Promise<Kept> {
    const { request } = visit;
    if (typeof this.#store.regenerate === "function") {
      await called((done) => this.#store.regenerate?.(request as never, done));
    } else {
      await old.destroy();
      (this.#store.generate as (request: RequestWithSession) => void)(request);
    }
    return new KeptInStore(this.#rules, visit, request.session as StoredSession, true);
  }

  #inflate(request: RequestWithSession, id: string, data: Record<string, unknown>): StoredSession {
    if (typeof this.#store.createSession === "function") {
      return this.#store.createSession(request as never, data as never) as StoredSession;
    }
    const cookie = restoredCookie(data.cookie, () => {
      throw new TypeError("Cannot read properties of a session that was stored without its cookie");
    });
    return new StoreSession(asSessionRequest(request, id), { ...data, cookie }) as unknown as StoredSession;
  }
}

function asSessionRequest(request: IncomingMessage, id: string): SessionRequest {
  return Object.assign(request, { sessionID: id }) as unknown as SessionRequest;
}
