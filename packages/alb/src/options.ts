import type { Assumptions } from "./assumptions.ts";

export type StickinessType =
  | "none"
  | "app_cookie"
  | "lb_cookie"
  | "clb_duration"
  | "clb_app_cookie"
  | "source_ip"
  | "ip_hash";

/** How requests of one client are kept on one target. */
export interface StickinessOptions {
  readonly type: StickinessType;
  /** The application's own cookie; required with `app_cookie` and `clb_app_cookie`. */
  readonly cookieName?: string;
  /**
   * 1 to 604,800; default 86,400 as on AWS. For `clb_duration` the `CookieExpirationPeriod`: left out or 0 is a
   * cookie for the browser session.
   */
  readonly durationSeconds?: number;
}

export type Algorithm = "round_robin" | "least_outstanding_requests" | "weighted_random";

export interface HealthCheckOptions {
  /** Default `/`. */
  readonly path?: string;
  /** 5 to 300, default 30. See {@link AlbOptions.timeScale} for quicker demos. */
  readonly intervalSeconds?: number;
  /** 2 to 120, default 6 (10 for `https:` targets); less than the interval. */
  readonly timeoutSeconds?: number;
  /** 2 to 10 successes in a row bring an unhealthy target back; default 5. */
  readonly healthyThreshold?: number;
  /** 2 to 10 failures in a row take a target out; default 2. */
  readonly unhealthyThreshold?: number;
  /** Status codes within 200-499 that count as success: `200`, `200,204`, `200-299`; default `200`. */
  readonly matcher?: string;
  /** Another port than the one that takes the traffic. */
  readonly port?: number;
}

/** What a target group can be told; the same names on {@link AlbOptions} speak for every group. */
export interface TargetGroupSettings {
  readonly stickiness?: StickinessOptions;
  /** Default `round_robin`. */
  readonly algorithm?: Algorithm;
  readonly healthCheck?: HealthCheckOptions;
  /** 0 (off, the default) or 30 to 900: a target that turns healthy gets its share linearly over this time. */
  readonly slowStartSeconds?: number;
  /** 0 to 3,600, default 300: how long requests in flight may go on after `deregister`. */
  readonly deregistrationDelaySeconds?: number;
  /** `HTTP2` and `GRPC` groups answer 464 to every HTTP/1.1 request, which is all this listener speaks. */
  readonly protocolVersion?: "HTTP1" | "HTTP2" | "GRPC";
  /** Default true. Off is refused together with stickiness, as AWS does. */
  readonly crossZone?: boolean;
}

export interface TargetGroupOptions extends TargetGroupSettings {
  readonly name: string;
  readonly targets: readonly string[];
  /** 0 to 999, default 1: this group's part of the traffic of the default action. */
  readonly weight?: number;
  /** Only requests whose path matches go here, and all of them: `/api/*` (`*` any text, `?` one character). */
  readonly pathPattern?: string;
}

export interface AlbOptions extends TargetGroupSettings {
  /** Base URLs of the targets of a single group: `http://127.0.0.1:3001`. Either this or `targetGroups`. */
  readonly targets?: readonly string[];
  /** Up to five groups share the traffic by weight; groups with a `pathPattern` are rules of their own. */
  readonly targetGroups?: readonly TargetGroupOptions[];
  /** Group stickiness (`AWSALBTG`), 1 to 604,800 s; without it each request may go to another group. */
  readonly groupStickiness?: { readonly durationSeconds: number };
  /** Listener port; 0 (the default) picks a free one. */
  readonly port?: number;
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** A key and certificate (PEM) make it an HTTPS listener. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** 1 to 4,000, default 60. */
  readonly idleTimeoutSeconds?: number;
  /** 60 to 604,800, default 3,600. */
  readonly clientKeepAliveSeconds?: number;
  /** `routing.http.xff_header_processing.mode`, default `append`. */
  readonly xForwardedFor?: "append" | "preserve" | "remove";
  /** Add the client's port to X-Forwarded-For; default false. */
  readonly xForwardedForClientPort?: boolean;
  /** Hand the Host header on untouched; default false. */
  readonly preserveHostHeader?: boolean;
  /** Drop header fields whose name is not `[-A-Za-z0-9]+`; default false. */
  readonly dropInvalidHeaderFields?: boolean;
  /** Path of the status page, or false for none; default `/_alb`. */
  readonly statusPath?: string | false;
  /**
   * Not on AWS: the length of the balancer's second, 0.001 to 1. Health-check intervals, deregistration delay, slow start and
   * stickiness durations shrink by it, so that AWS's ranges hold and a demo is quick; network timeouts do not.
   */
  readonly timeScale?: number;
  /** What to do where AWS documents nothing; see the decision table in the README. */
  readonly assume?: Partial<Assumptions>;
  /** Told about configurations that AWS accepts but that do not work; default `process.emitWarning`. */
  readonly onWarning?: (sentence: string) => void;
}
