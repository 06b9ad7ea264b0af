/** One emulated load balancer with a listener on loopback. Contract first; see the package README. */
export interface AlbOptions {
  /** Base URLs of the targets: `http://127.0.0.1:3001`. */
  readonly targets: readonly string[];
  /** Listener port on 127.0.0.1; 0 picks a free one. */
  readonly port?: number;
  readonly stickiness?: {
    readonly type: "none" | "app_cookie" | "lb_cookie";
    /** The application's own cookie name; required with `app_cookie`. */
    readonly cookieName?: string;
    readonly durationSeconds?: number;
  };
  readonly healthCheck?: { readonly path?: string; readonly intervalSeconds?: number };
}

export interface Alb {
  readonly url: string;
  readonly port: number;
  /** Add a target; it takes traffic after its first good health check. */
  register(target: string): void;
  /** Drain a target: no new request reaches it, those in flight may end within the deregistration delay. */
  deregister(target: string): Promise<void>;
  /** Change the stickiness of the running balancer; cookies made before are unknown to it afterwards. */
  setStickiness(stickiness: NonNullable<AlbOptions["stickiness"]>): void;
  status(): AlbStatus;
  close(): Promise<void>;
}

export interface AlbStatus {
  readonly targets: readonly TargetStatus[];
  readonly requests: number;
  /** CloudWatch's `NonStickyRequestCount`. */
  readonly nonStickyRequests: number;
}

export interface TargetStatus {
  readonly target: string;
  readonly state: "initial" | "healthy" | "unhealthy" | "draining" | "unused";
  readonly requests: number;
}

/** Start the emulator. Rejects with a sentence when the port is taken or the configuration is one AWS refuses. */
export function startAlb(_options: AlbOptions): Promise<Alb> {
  return Promise.reject(new Error("not built yet"));
}
