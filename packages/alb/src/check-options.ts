import { assumptionValues } from "./assumptions.ts";
import { refuse } from "./errors.ts";
import type { AlbOptions, HealthCheckOptions, StickinessOptions, TargetGroupOptions } from "./options.ts";

type NamesOf<Options> = Record<keyof Options, true>;

const ofStickiness: NamesOf<StickinessOptions> = { type: true, cookieName: true, durationSeconds: true };

const ofHealthCheck: NamesOf<HealthCheckOptions> = {
  path: true,
  intervalSeconds: true,
  timeoutSeconds: true,
  healthyThreshold: true,
  unhealthyThreshold: true,
  matcher: true,
  port: true,
};

const ofEveryGroup = {
  stickiness: true,
  algorithm: true,
  healthCheck: true,
  slowStartSeconds: true,
  deregistrationDelaySeconds: true,
  protocolVersion: true,
  crossZone: true,
} as const;

const ofGroup: NamesOf<TargetGroupOptions> = {
  ...ofEveryGroup,
  name: true,
  targets: true,
  weight: true,
  pathPattern: true,
};

const ofAlb: NamesOf<AlbOptions> = {
  ...ofEveryGroup,
  targets: true,
  targetGroups: true,
  groupStickiness: true,
  port: true,
  host: true,
  tls: true,
  idleTimeoutSeconds: true,
  clientKeepAliveSeconds: true,
  xForwardedFor: true,
  xForwardedForClientPort: true,
  preserveHostHeader: true,
  dropInvalidHeaderFields: true,
  statusPath: true,
  timeScale: true,
  assume: true,
  onWarning: true,
};

/** An option that nobody reads is an error: a typing mistake must not pass for a setting. */
export function checkOptionNames(options: AlbOptions): void {
  checkNames("", options, ofAlb);
  checkNames("stickiness.", options.stickiness, ofStickiness);
  checkNames("healthCheck.", options.healthCheck, ofHealthCheck);
  checkNames("groupStickiness.", options.groupStickiness, { durationSeconds: true });
  checkNames("tls.", options.tls, { key: true, cert: true });
  checkNames("assume.", options.assume, assumptionValues);
  if (options.targetGroups === undefined && options.targets === undefined) {
    refuse("targets", "is missing; name at least one, like http://127.0.0.1:3001, or give an empty list");
  }
  if (options.targetGroups !== undefined && options.targets !== undefined) {
    refuse("targets", "and targetGroups exclude each other; put the targets into the groups");
  }
  for (const group of options.targetGroups ?? []) {
    checkNames("targetGroups.", group, ofGroup);
    checkNames("targetGroups.stickiness.", group.stickiness, ofStickiness);
    checkNames("targetGroups.healthCheck.", group.healthCheck, ofHealthCheck);
  }
}

export function checkStickinessNames(stickiness: StickinessOptions): void {
  checkNames("stickiness.", stickiness, ofStickiness);
}

function checkNames(prefix: string, given: object | undefined, known: object): void {
  for (const name of Object.keys(given ?? {})) {
    if (Object.hasOwn(known, name)) continue;
    refuse(`${prefix}${name}`, `is not an option; known are ${Object.keys(known).join(", ")}`);
  }
}
