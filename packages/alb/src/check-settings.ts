import { createSecureContext } from "node:tls";
import { cookieNameProblem, reservedCookiePrefix } from "@unstick/affinity";
import { assumptionValues } from "./assumptions.ts";
import { refuse } from "./errors.ts";
import type { AlbSettings, GroupSettings, HealthCheck, Stickiness } from "./settings.ts";

/** Refuse what AWS refuses, with AWS's reason, and say loudly what AWS accepts but cannot work. */
export function checkSettings(settings: AlbSettings): void {
  const { groups, groupStickiness, assume } = settings;
  checkListener(settings);
  checkGroupNames(groups);
  for (const group of groups) checkGroup(group);
  if (groupStickiness !== undefined) {
    within("groupStickiness.durationSeconds", groupStickiness.durationSeconds, 1, 604_800);
  }
  checkWeighted(settings);
  for (const [name, allowed] of Object.entries(assumptionValues)) {
    const value = assume[name as keyof typeof assume];
    if (!allowed.includes(value))
      refuse(`assume.${name}`, `is ${show(value)}; it must be ${allowed.join(" or ")}`);
  }
}

/** Also used when the stickiness of a running balancer is changed. */
export function checkStickiness(stickiness: Stickiness): void {
  const { type, cookieName, durationSeconds } = stickiness;
  const types = ["none", "app_cookie", "lb_cookie", "clb_duration", "clb_app_cookie", "source_ip", "ip_hash"];
  if (!types.includes(type))
    refuse("stickiness.type", `is ${show(type)}; it must be one of ${types.join(", ")}`);
  if (type === "app_cookie" || type === "clb_app_cookie") checkCookieName(stickiness);
  else if (cookieName !== "")
    refuse("stickiness.cookieName", `has no meaning with type ${type}; leave it out`);
  const least = type === "clb_duration" ? 0 : 1;
  within("stickiness.durationSeconds", durationSeconds, least, 604_800);
}

function checkCookieName({ type, cookieName }: Stickiness): void {
  if (cookieName === "") {
    // The sentence of the real control plane (terraform-aws-modules/terraform-aws-alb#242).
    refuse(
      "stickiness.cookieName",
      `is missing. You must set an application cookie name to enable stickiness of type '${type}'`,
    );
  }
  // A Classic balancer reserves no names; its own is left to it all the same.
  const problem = cookieNameProblem(cookieName);
  if (problem === null) return;
  const prefix = reservedCookiePrefix(cookieName);
  const reason =
    prefix === "AWSALB"
      ? ". AWS: names that start with the prefixes AWSALB, AWSALBAPP and AWSALBTG are not allowed"
      : "";
  refuse("stickiness.cookieName", `${show(cookieName)} ${problem}${reason}`);
}

function checkGroupNames(groups: readonly GroupSettings[]): void {
  const names = groups.map(({ name }) => name);
  if (groups.length === 0) refuse("targetGroups", "is empty; a listener needs a target group to forward to");
  if (new Set(names).size < names.length)
    refuse("targetGroups", `has two groups of one name: ${names.join(", ")}`);
  const shared = groups.filter(({ pathPattern }) => pathPattern === undefined);
  if (shared.length === 0) {
    refuse("targetGroups", "all have a pathPattern; AWS wants a default action, so leave it out of one");
  }
  if (shared.length > 5)
    refuse("targetGroups", `has ${shared.length} groups; an action forwards to at most 5`);
}

function checkGroup(group: GroupSettings): void {
  checkStickiness(group.stickiness);
  oneOf("algorithm", group.algorithm, ["round_robin", "least_outstanding_requests", "weighted_random"]);
  oneOf("protocolVersion", group.protocolVersion, ["HTTP1", "HTTP2", "GRPC"]);
  within("weight", group.weight, 0, 999);
  within("deregistrationDelaySeconds", group.deregistrationDelaySeconds, 0, 3_600);
  if (group.slowStartSeconds !== 0)
    within("slowStartSeconds", group.slowStartSeconds, 30, 900, "0 (off) or ");
  if (group.slowStartSeconds !== 0 && group.algorithm !== "round_robin") {
    refuse("slowStartSeconds", `cannot be combined with ${group.algorithm}; use round_robin, or 0`);
  }
  const isSticky = group.stickiness.type !== "none";
  if (isSticky && !group.crossZone) {
    refuse("crossZone", "is off; stickiness cannot be enabled while cross-zone load balancing is off");
  }
  if (isSticky && group.algorithm === "weighted_random") {
    refuse(
      "stickiness.type",
      "cannot be combined with weighted_random routing; use another algorithm, or none",
    );
  }
  for (const target of group.targets) checkTarget(target);
  checkHealthCheck(group.healthCheck);
}

/** One target as `http://host:port`; the id under which it is known afterwards. */
export function checkTarget(target: string): string {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  if (url === undefined || !isWeb || url.pathname !== "/" || url.search !== "" || url.username !== "") {
    refuse(
      "targets",
      `has ${show(target)}; a target is a scheme, a host and a port, like http://127.0.0.1:3001`,
    );
  }
  return url.origin;
}

function checkHealthCheck(check: HealthCheck): void {
  within(
    "healthCheck.intervalSeconds",
    check.intervalSeconds,
    5,
    300,
    "",
    ", as on AWS (timeScale makes demos quick)",
  );
  within("healthCheck.healthyThreshold", check.healthyThreshold, 2, 10);
  within("healthCheck.unhealthyThreshold", check.unhealthyThreshold, 2, 10);
  if (check.timeoutSeconds !== undefined) {
    within("healthCheck.timeoutSeconds", check.timeoutSeconds, 2, 120);
    if (check.timeoutSeconds >= check.intervalSeconds) {
      refuse(
        "healthCheck.timeoutSeconds",
        `is ${check.timeoutSeconds}; it must be smaller than the interval`,
      );
    }
  }
  if (check.port !== undefined) within("healthCheck.port", check.port, 1, 65_535);
  if (!check.path.startsWith("/")) refuse("healthCheck.path", `is ${show(check.path)}; it must start with /`);
  const codes = check.matcher
    .split(",")
    .flatMap((part) => part.split("-").map((code) => Number(code.trim())));
  const isMatcher = /^\d{3}(-\d{3})?(\s*,\s*\d{3}(-\d{3})?)*$/.test(check.matcher);
  if (!isMatcher || codes.some((code) => code < 200 || code > 499)) {
    refuse(
      "healthCheck.matcher",
      `is ${show(check.matcher)}; it must be codes within 200-499, like 200,204 or 200-299`,
    );
  }
}

function checkListener({ listener, tls }: AlbSettings): void {
  within("port", listener.port, 0, 65_535);
  within("idleTimeoutSeconds", listener.idleTimeoutSeconds, 1, 4_000);
  within("clientKeepAliveSeconds", listener.clientKeepAliveSeconds, 60, 604_800);
  oneOf("xForwardedFor", listener.xForwardedFor, ["append", "preserve", "remove"]);
  const { statusPath, timeScale } = listener;
  if (statusPath !== false && !/^\/[\w.~/-]+$/.test(statusPath)) {
    refuse("statusPath", `is ${show(statusPath)}; it must be a path like /_alb, or false`);
  }
  if (!(timeScale >= 0.001 && timeScale <= 1)) {
    refuse("timeScale", `is ${show(timeScale)}; it must be a number from 0.001 to 1, the length of a second`);
  }
  if (listener.host === "") refuse("host", "is empty; it must be an address, like 127.0.0.1 or 0.0.0.0");
  if (tls !== undefined) checkTls(tls);
}

function checkTls(tls: NonNullable<AlbSettings["tls"]>): void {
  if (!(tls.key?.includes("PRIVATE KEY") && tls.cert?.includes("CERTIFICATE"))) {
    refuse("tls", "needs a private key and a certificate, both as PEM text");
  }
  try {
    createSecureContext(tls);
  } catch (error) {
    refuse("tls", `has a key and a certificate that do not serve together: ${(error as Error).message}`);
  }
}

function checkWeighted({ groups, groupStickiness, warn }: AlbSettings): void {
  const shared = groups.filter(({ pathPattern }) => pathPattern === undefined);
  const sticky = shared.find(({ stickiness }) => stickiness.type !== "none");
  if (shared.length < 2 || sticky === undefined) return;
  if (groupStickiness === undefined) {
    // The sentence of the real control plane (argoproj/argo-rollouts#1577).
    refuse(
      "groupStickiness",
      "is missing. You must enable group stickiness on a rule if you enabled target stickiness on one of its target groups",
    );
  }
  if (shared.some(({ stickiness }) => stickiness.type === "app_cookie")) {
    warn(
      "stickiness app_cookie with weighted target groups: AWS accepts this, and it does not work. Application-based " +
        "stickiness does not work with weighted target groups; clients keep their group but not their target. " +
        "Use lb_cookie, or one target group.",
    );
  }
}

function within(option: string, value: number, low: number, high: number, before = "", after = ""): void {
  const isInteger = Number.isInteger(value);
  if (isInteger && value >= low && value <= high) return;
  refuse(option, `is ${show(value)}; it must be ${before}a whole number from ${low} to ${high}${after}`);
}

function oneOf(option: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) refuse(option, `is ${show(value)}; it must be one of ${allowed.join(", ")}`);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
