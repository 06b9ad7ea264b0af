import { OptionError } from "../errors.ts";
import { FairLock } from "../http/fair-lock.ts";
import { holdResponse, isHoldable } from "../http/hold.ts";
import type { HoldHooks } from "../http/hold-hooks.ts";
import { ContextSession } from "./context-session.ts";
import type { KoaApp, KoaContext } from "./koa-context.ts";
import { type KoaSessionConfig, type KoaSessionOptions, readKoaOptions } from "./middleware-options.ts";
import type { KoaSession } from "./session-view.ts";
import { shelfFor } from "./shelf.ts";

/** `ctx.session` with an application's own attributes. */
export type KoaSessionOf<Data extends object> = KoaSession & Partial<Data>;

/** What the middleware adds to a context. */
export interface SessionContext<Data extends object = Record<string, unknown>> {
  // Koa's applications set null to end a session, and read it after the middleware, where it is there.
  session: KoaSessionOf<Data>;
}

export type KoaSessionMiddleware = (ctx: object, next: () => Promise<unknown>) => Promise<void>;

const contextSession: unique symbol = Symbol("unstick.context-session");
/** A session middleware has begun with this request: another one leaves it alone, as on Express. */
const isServed: unique symbol = Symbol("unstick.context-session.served");
type Bearer = KoaContext & { [contextSession]?: ContextSession; [isServed]?: boolean };

/**
 * Sessions for Koa: takes the place of koa-session with a store, with its options and its `ctx.session`.
 * Nothing reaches the client before the session it speaks of is stored; a save that fails is thrown with
 * `status` 503. A handler that throws saves nothing. Throws {@link OptionError}.
 */
export function session(options: KoaSessionOptions, app: object): KoaSessionMiddleware;
export function session(app: object, options?: KoaSessionOptions): KoaSessionMiddleware;
export function session(first: object, second: object = {}): KoaSessionMiddleware {
  const [app, options] = isApp(first)
    ? [first, second as KoaSessionOptions]
    : [second, first as KoaSessionOptions];
  if (!isApp(app)) throw new OptionError("app", "app instance required: session(options, app)");
  const config = readKoaOptions(options);
  const shelf = shelfFor(options, config);
  const lock = lockFor(config);
  extendContext(app.context, (ctx) => new ContextSession(ctx, config, shelf(ctx)));
  return ((ctx: Bearer, next: () => Promise<unknown>) => {
    if (ctx[isServed] === true) return next();
    if (config.skip?.(ctx as never) !== true) return serve(sessionOf(ctx), ctx, next, lock);
    Object.defineProperty(ctx, "session", { value: undefined, configurable: true, writable: true });
    return next();
  }) as KoaSessionMiddleware;
}

/** For requests of one session that run one after another. */
function lockFor({ backend, serialize, serializeLeaseMs }: KoaSessionConfig): FairLock | undefined {
  return backend === undefined || serialize === undefined
    ? undefined
    : new FairLock(backend, serializeLeaseMs);
}

async function serve(
  held: ContextSession,
  ctx: Bearer,
  next: () => Promise<unknown>,
  lock: FairLock | undefined,
): Promise<void> {
  ctx[isServed] = true;
  const hold = isHoldable(ctx.res) ? holdResponse(ctx.res, new SessionHooks(held)) : undefined;
  const beginning = held.begin(hold === undefined ? undefined : lock);
  if (beginning !== undefined) await beginning;
  try {
    await next();
  } catch (error) {
    await held.commitAfter(error);
    throw error;
  }
  try {
    const commit = held.commitHandled();
    if (commit !== undefined) await commit;
  } catch (error) {
    held.noteFailed();
    hold?.abandon();
    throw error;
  }
}

/** What a hold asks of the session of its request. */
class SessionHooks implements HoldHooks {
  readonly #held: ContextSession;

  constructor(held: ContextSession) {
    this.#held = held;
  }

  commit(): Promise<void> | undefined {
    return this.#held.commitEarly();
  }

  writeHead(): void {
    this.#held.writeHead();
  }

  commitLate(): Promise<void> | undefined {
    return this.#held.commitLate();
  }

  fail(error: unknown): void {
    this.#held.fail(error);
  }
}

function isApp(value: object): value is KoaApp {
  return "use" in value && typeof value.use === "function";
}

function sessionOf(ctx: Bearer): ContextSession {
  return (ctx as unknown as { [contextSession]: ContextSession })[contextSession];
}

/** `ctx.session` and `ctx.sessionOptions`, there for middleware that comes earlier, too. The first one on an app counts. */
function extendContext(context: object, begin: (ctx: KoaContext) => ContextSession): void {
  if (Object.hasOwn(context, contextSession)) return;
  const instance: unique symbol = Symbol("unstick.context-session.instance") as never;
  Object.defineProperties(context, {
    [contextSession]: {
      get(this: KoaContext & { [instance]?: ContextSession }) {
        this[instance] ??= begin(this);
        return this[instance];
      },
    },
    session: {
      get(this: Bearer) {
        return sessionOf(this).get();
      },
      set(this: Bearer, value: unknown) {
        sessionOf(this).set(value);
      },
      configurable: true,
    },
    sessionOptions: {
      get(this: Bearer) {
        return sessionOf(this).options;
      },
      configurable: true,
    },
  });
}
