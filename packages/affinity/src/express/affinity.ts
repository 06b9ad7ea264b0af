import type { RequestAffinity } from "../affinity.ts";
import { type AffinityControls, Binder, withControls } from "../binder.ts";
import type { AffinityOptions } from "../options.ts";
import { isEncrypted, type NodeRequest } from "../request.ts";
import type { NodeResponse } from "../response-head.ts";
import { shareShape } from "./shared-shape.ts";

declare global {
  namespace Express {
    interface Request {
      /** What `affinity()` knows of this client; under each cookie's name when several are mounted. */
      affinity: RequestAffinity;
    }
  }
}

/** A connect-style middleware with its controls. */
export interface AffinityMiddleware<Request extends NodeRequest = NodeRequest> extends AffinityControls {
  (request: Request, response: NodeResponse, next: (error?: unknown) => void): void;
}

/**
 * The sticky cookie for Express 4 and 5, for any connect-style stack, and for plain `node:http` and HTTP/2.
 * Mount it before whatever answers. Throws `AffinityOptionError` on a wrong option.
 */
export function affinity<Request extends NodeRequest = NodeRequest>(
  options: AffinityOptions<Request>,
): AffinityMiddleware<Request> {
  const binder = new Binder<Request>(options, isSecure);
  const middleware = (request: Request, response: NodeResponse, next: (error?: unknown) => void): void => {
    shareShape(request, response);
    binder.receive(request, request, response);
    next();
  };
  return withControls(middleware, binder);
}

/** Express answers by its `trust proxy`; elsewhere the socket tells. */
function isSecure(request: NodeRequest & { readonly secure?: boolean }): boolean {
  return request.secure ?? isEncrypted(request);
}
