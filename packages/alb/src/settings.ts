import { type Assumptions, defaultAssumptions } from "./assumptions.ts";
import type { AlbOptions, Algorithm, StickinessOptions, TargetGroupOptions } from "./options.ts";

/** Stickiness with nothing left open. */
export interface Stickiness {
  readonly type: StickinessOptions["type"];
  /** Empty where the type needs none. */
  readonly cookieName: string;
  readonly durationSeconds: number;
}

export interface HealthCheck {
  readonly path: string;
  readonly intervalSeconds: number;
  /** `undefined` is AWS's default for the protocol: 6 s, or 10 s over HTTPS. */
  readonly timeoutSeconds: number | undefined;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly matcher: string;
  readonly port: number | undefined;
}

export interface GroupSettings {
  readonly name: string;
  readonly targets: readonly string[];
  readonly weight: number;
  readonly pathPattern: string | undefined;
  readonly stickiness: Stickiness;
  readonly algorithm: Algorithm;
  readonly healthCheck: HealthCheck;
  readonly slowStartSeconds: number;
  readonly deregistrationDelaySeconds: number;
  readonly protocolVersion: "HTTP1" | "HTTP2" | "GRPC";
  readonly crossZone: boolean;
}

export interface ListenerSettings {
  readonly port: number;
  readonly host: string;
  readonly idleTimeoutSeconds: number;
  readonly clientKeepAliveSeconds: number;
  readonly xForwardedFor: "append" | "preserve" | "remove";
  readonly xForwardedForClientPort: boolean;
  readonly preserveHostHeader: boolean;
  readonly dropInvalidHeaderFields: boolean;
  readonly statusPath: string | false;
  readonly timeScale: number;
}

export interface AlbSettings {
  readonly groups: readonly GroupSettings[];
  readonly groupStickiness: { readonly durationSeconds: number } | undefined;
  readonly listener: ListenerSettings;
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
  readonly assume: Assumptions;
  readonly warn: (sentence: string) => void;
}

/** AWS's defaults (ELBv2 API: TargetGroupAttribute, LoadBalancerAttribute, CreateTargetGroup), in one place. */
export const defaults = {
  stickiness: { type: "none", cookieName: "", durationSeconds: 86_400 },
  algorithm: "round_robin",
  healthCheck: {
    path: "/",
    intervalSeconds: 30,
    timeoutSeconds: undefined,
    healthyThreshold: 5,
    unhealthyThreshold: 2,
    matcher: "200",
    port: undefined,
  },
  slowStartSeconds: 0,
  deregistrationDelaySeconds: 300,
  protocolVersion: "HTTP1",
  crossZone: true,
  weight: 1,
  listener: {
    port: 0,
    host: "127.0.0.1",
    idleTimeoutSeconds: 60,
    clientKeepAliveSeconds: 3_600,
    xForwardedFor: "append",
    xForwardedForClientPort: false,
    preserveHostHeader: false,
    dropInvalidHeaderFields: false,
    statusPath: "/_alb",
    timeScale: 1,
  },
} as const;

/** Fill in the defaults. Nothing is checked here; see {@link checkSettings}. */
export function resolveSettings(options: AlbOptions): AlbSettings {
  const given: readonly TargetGroupOptions[] = options.targetGroups ?? [
    { name: "default", targets: options.targets ?? [] },
  ];
  return {
    groups: given.map((group) => resolveGroup(group, options)),
    groupStickiness: options.groupStickiness,
    listener: resolveListener(options),
    tls: options.tls,
    assume: { ...defaultAssumptions, ...options.assume },
    warn: options.onWarning ?? ((sentence) => process.emitWarning(sentence, "AlbWarning")),
  };
}

export function resolveStickiness(given: StickinessOptions | undefined): Stickiness {
  const isClassic = given?.type === "clb_duration";
  return {
    type: given?.type ?? defaults.stickiness.type,
    cookieName: given?.cookieName ?? defaults.stickiness.cookieName,
    // Classic: CookieExpirationPeriod left out means a cookie for the browser session (ELB API 2012-06-01).
    durationSeconds: given?.durationSeconds ?? (isClassic ? 0 : defaults.stickiness.durationSeconds),
  };
}

function resolveGroup(group: TargetGroupOptions, all: AlbOptions): GroupSettings {
  return {
    name: group.name,
    targets: group.targets,
    weight: group.weight ?? defaults.weight,
    pathPattern: group.pathPattern,
    stickiness: resolveStickiness(group.stickiness ?? all.stickiness),
    algorithm: group.algorithm ?? all.algorithm ?? defaults.algorithm,
    healthCheck: { ...defaults.healthCheck, ...all.healthCheck, ...group.healthCheck },
    slowStartSeconds: group.slowStartSeconds ?? all.slowStartSeconds ?? defaults.slowStartSeconds,
    deregistrationDelaySeconds:
      group.deregistrationDelaySeconds ??
      all.deregistrationDelaySeconds ??
      defaults.deregistrationDelaySeconds,
    protocolVersion: group.protocolVersion ?? all.protocolVersion ?? defaults.protocolVersion,
    crossZone: group.crossZone ?? all.crossZone ?? defaults.crossZone,
  };
}

function resolveListener(options: AlbOptions): ListenerSettings {
  const { listener } = defaults;
  return {
    port: options.port ?? listener.port,
    host: options.host ?? listener.host,
    idleTimeoutSeconds: options.idleTimeoutSeconds ?? listener.idleTimeoutSeconds,
    clientKeepAliveSeconds: options.clientKeepAliveSeconds ?? listener.clientKeepAliveSeconds,
    xForwardedFor: options.xForwardedFor ?? listener.xForwardedFor,
    xForwardedForClientPort: options.xForwardedForClientPort ?? listener.xForwardedForClientPort,
    preserveHostHeader: options.preserveHostHeader ?? listener.preserveHostHeader,
    dropInvalidHeaderFields: options.dropInvalidHeaderFields ?? listener.dropInvalidHeaderFields,
    statusPath: options.statusPath ?? listener.statusPath,
    timeScale: options.timeScale ?? listener.timeScale,
  };
}
