import type { Context, Middleware } from "koa";
import { type SamlReply, type SamlRequest, ServiceProvider } from "../flow/service-provider.ts";
import { errorPage, type Failure } from "../http/error-page.ts";
import { readBody } from "../http/read-form.ts";
import { type RoutesOptions, splitOptions } from "../http/routes-options.ts";
import { logoutUser, readNote } from "../http/session-note.ts";

export type KoaRoutesOptions = RoutesOptions<[ctx: Context]>;

export interface KoaRoutes {
  /** GET. `?returnTo=` names where to go afterwards. */
  readonly login: Middleware;
  /** The callbackUrl: POST and GET. No body parser is needed before it. */
  readonly acs: Middleware;
  /** The single logout address: GET and POST. */
  readonly logout: Middleware;
  /** GET. */
  readonly metadata: Middleware;
  /**
   * Before the application's routes: ends a session at the identity provider's `SessionNotOnOrAfter`, and keeps one that
   * is used where logouts find it.
   */
  readonly bound: Middleware;
}

interface SessionContext {
  session?: (object & { readonly id?: string; readonly externalKey?: string }) | null;
}

/**
 * The routes of a service provider on Koa, with or without koa-passport. Throws an `OptionError` for a wrong or
 * unknown option.
 */
export function samlRoutes(options: KoaRoutesOptions): KoaRoutes {
  const { routes, flow, failures } = splitOptions(options);
  const provider = new ServiceProvider(routes.saml, flow);
  const mostBytes = 2 * provider.gate.options.maxMessageBytes;
  const sessionId = routes.sessionId ?? idOf;
  const route = routeOf(routes, provider, sessionId);
  return {
    login: route(failures.login, (ctx) => provider.login(describe(ctx, mostBytes))),
    acs: route(failures.login, (ctx) => provider.acs(describe(ctx, mostBytes))),
    logout: route(failures.logout, async (ctx) => {
      const note = readNote(sessionOf(ctx).session);
      const id = note === undefined ? undefined : sessionId(ctx);
      const reply = await provider.logout(describe(ctx, mostBytes), logoutUser(note));
      if (note !== undefined) {
        await provider.links.leave(note, id);
        sessionOf(ctx).session = null;
      }
      return reply;
    }),
    metadata: route(failures.login, async () => provider.metadata(routes.decryptionCert)),
    bound: async (ctx, next) => {
      const { session } = sessionOf(ctx);
      const id = readNote(session) === undefined ? undefined : sessionId(ctx);
      if (!(await provider.links.mayGoOn(session, id))) sessionOf(ctx).session = null;
      await next();
    },
  };
}

function routeOf(
  { signIn, onError }: KoaRoutesOptions,
  provider: ServiceProvider,
  sessionId: (ctx: Context) => string | undefined,
): (failure: Failure, answer: (ctx: Context) => Promise<SamlReply>) => Middleware {
  return (failure, answer) => async (ctx) => {
    try {
      const reply = await answer(ctx);
      if (reply.login !== undefined) {
        await signIn(reply.login, ctx);
        await provider.links.enter(sessionOf(ctx).session, reply.login, sessionId(ctx));
      }
      send(ctx, reply);
    } catch (error) {
      if (onError !== undefined) {
        await onError(error, ctx);
        return;
      }
      const { status, headers, body } = errorPage(error, failure);
      ctx.set(headers);
      Object.assign(ctx, { status, type: "html", body });
    }
  };
}

function sessionOf(ctx: Context): SessionContext {
  return ctx as unknown as SessionContext;
}

/** What koa-session 7, and before it 6, calls its own context on Koa's. */
const CONTEXT_OF_KOA_SESSION = ["get contextSession", "context#contextSession"];

/**
 * Under koa-session the id of now is in its own context: `session.externalKey` stays what it was before
 * `regenerate()`, which passport's login calls. Under a middleware like Express's it is `session.id`.
 */
function idOf(ctx: Context): string | undefined {
  const { session } = sessionOf(ctx);
  const name = Object.getOwnPropertySymbols(ctx.app.context).find(({ description = "" }) =>
    CONTEXT_OF_KOA_SESSION.includes(description),
  );
  const inner =
    name === undefined ? undefined : (ctx as unknown as Record<symbol, SessionContext["session"]>)[name];
  return inner?.externalKey ?? session?.externalKey ?? session?.id;
}

function describe(ctx: Context, mostBytes: number): SamlRequest {
  const { body: parsed } = ctx.request as { readonly body?: unknown };
  return {
    method: ctx.method,
    url: ctx.originalUrl,
    cookie: ctx.get("cookie"),
    client: ctx.ip,
    body: () => readBody(ctx.req, parsed, mostBytes),
  };
}

function send(ctx: Context, { status, location, body, type, cookie }: SamlReply): void {
  if (cookie !== undefined) ctx.append("set-cookie", cookie);
  ctx.set({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
  if (location !== undefined) ctx.set("location", location);
  ctx.status = status;
  if (type !== undefined) ctx.type = type;
  ctx.body = body ?? "";
}
