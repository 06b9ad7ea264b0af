import { cookieNameProblem } from "@unstick/affinity";
import { hasCookie } from "../rules/cookies.ts";
import { removed, shardNames } from "../rules/shards.ts";
import type { Visit } from "./visit.ts";

export interface Diagnosis {
  /** True or false when the instance was seen; null when nothing named it. */
  readonly isSticky: boolean | null;
  readonly findings: readonly string[];
}

/** Balancers' cookies, the more telling first. */
const kinds: readonly (readonly [name: string, means: string])[] = [
  ["AWSALBAPP-0", "an ALB with application-based stickiness (app_cookie)"],
  ["AWSALB", "an ALB with duration-based stickiness (lb_cookie)"],
  ["AWSALBTG", "an ALB with weighted target groups and group stickiness"],
  ["AWSELB", "a Classic Load Balancer with stickiness"],
];

/** What a series of answers tells about the balancer in front, in sentences. Pure. */
export function diagnose(visits: readonly Visit[], appCookieName: string | undefined): Diagnosis {
  const isSticky = judge(visits);
  const findings = [
    ...nameFindings(appCookieName),
    ...kindFindings(visits),
    ...removedFindings(visits, appCookieName),
    ...refusedFindings(visits),
    ...movedFindings(visits, isSticky),
  ];
  return { isSticky, findings };
}

function judge(visits: readonly Visit[]): boolean | null {
  const instances = visits.map(({ instance }) => instance);
  if (visits.length < 2 || instances.includes(undefined)) return null;
  return new Set(instances).size === 1;
}

function nameFindings(name: string | undefined): string[] {
  const problem = name === undefined ? null : cookieNameProblem(name);
  return problem === null ? [] : [`The cookie name ${name} ${problem}.`];
}

function kindFindings(visits: readonly Visit[]): string[] {
  const found = kinds.filter(([name]) => isEverSet(visits, name));
  if (found.length > 0) return found.map(([name, means]) => `${name} is set: ${means}.`);
  return [
    "No cookie of an AWS load balancer was set: stickiness is off (or the address is that of a CDN that drops cookies; let it forward AWSALB*).",
  ];
}

/** Four times `_remove_` says that the balancer saw no cookie of the configured name in this answer. */
function removedFindings(visits: readonly Visit[], appCookieName: string | undefined): string[] {
  if (!isEverSet(visits, "AWSALBAPP-0")) return [];
  const isPinned = visits.some(({ set }) =>
    set.some(({ name, value }) => isShard(name) && value !== removed),
  );
  if (isPinned) return [];
  const own = visits
    .flatMap(({ set }) => set.map(({ name }) => name))
    .filter((name) => !/^AWS(ALB|ELB)/.test(name));
  const names = [...new Set(own)];
  const findings = [
    "All four AWSALBAPP cookies are _remove_ on every answer: the target group's cookie name is not among those the application sets here.",
  ];
  findings.push(
    names.length === 0
      ? "The application set no cookie at all."
      : `The application set: ${names.join(", ")}.`,
  );
  if (isEverSet(visits, "AWSALBTG")) {
    findings.push(
      "Application-based stickiness does not work with weighted target groups (AWSALBTG): use lb_cookie there.",
    );
  } else if (appCookieName !== undefined && names.includes(appCookieName)) {
    findings.push(
      `${appCookieName} is set, so the target group is configured with another name: check stickiness.app_cookie.cookie_name.`,
    );
  } else if (appCookieName !== undefined) {
    findings.push(
      `${appCookieName} is not set: let the application set it at this address, or look where it does.`,
    );
  }
  return findings;
}

function refusedFindings(visits: readonly Visit[]): string[] {
  const sentences = visits.flatMap(({ refused }) =>
    refused
      // Behind plain HTTP an ALB's CORS twin is always refused; the other half of the pair does the work.
      .filter(({ name }) => !name.endsWith("CORS"))
      .map(({ name, reason }) => `A browser refuses ${name}: ${reason}.`),
  );
  return [...new Set(sentences)];
}

function movedFindings(visits: readonly Visit[], isSticky: boolean | null): string[] {
  if (isSticky === null)
    return ["Nothing named the instance: give --instance-header or --instance-cookie to see who answered."];
  if (isSticky) return [`All ${visits.length} answers came from one instance.`];
  const moved = visits.findIndex((visit, at) => at > 0 && visit.instance !== visits[at - 1]?.instance);
  const held = kinds.filter(([name]) => hasCookie(visits[moved]?.sent ?? "", name)).map(([name]) => name);
  const how = held.length === 0 ? "without any balancer's cookie" : `although ${held.join(" and ")} was sent`;
  return [`Request ${moved + 1} reached another instance than request ${moved}, ${how}.`];
}

function isEverSet(visits: readonly Visit[], name: string): boolean {
  return visits.some(({ set }) => set.some((cookie) => cookie.name === name));
}

function isShard(name: string): boolean {
  return (shardNames as readonly string[]).includes(name);
}
