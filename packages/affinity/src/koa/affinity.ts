import type { RequestAffinity } from "../affinity.ts";
import { type AffinityControls, Binder, withControls } from "../binder.ts";
import type { AffinityOptions } from "../options.ts";
import type { NodeRequest } from "../request.ts";
import type { NodeResponse } from "../response-head.ts";

declare module "koa" {
  interface ExtendableContext {
    /** What `affinity()` knows of this client; under each cookie's name when several are mounted. */
    affinity: RequestAffinity;
  }
}

/** What this middleware asks of Koa's context. */
export interface KoaContext {
  readonly req: NodeRequest;
  readonly res: NodeResponse;
  /** Follows `app.proxy`. */
  readonly secure: boolean;
}

/** A Koa middleware with its controls. */
export interface AffinityMiddleware<Context extends KoaContext = KoaContext> extends AffinityControls {
  (context: Context, next: () => Promise<unknown>): Promise<unknown>;
}

/**
 * The sticky cookie for Koa 2 and 3. Mount it before whatever answers. Koa's error handler removes the headers
 * that were set before it; this one is set after. Throws `AffinityOptionError` on a wrong option.
 */
export function affinity<Context extends KoaContext = KoaContext>(
  options: AffinityOptions<Context>,
): AffinityMiddleware<Context> {
  const binder = new Binder<Context>(options, (context) => context.secure);
  const middleware = (context: Context, next: () => Promise<unknown>): Promise<unknown> => {
    binder.receive(context, context.req, context.res);
    return next();
  };
  return withControls(middleware, binder);
}
