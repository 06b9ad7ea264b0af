import type { Balancer } from "../balancer.ts";
import type { Pinned } from "../pin-book.ts";
import type { TargetState } from "../rules/claim.ts";
import { stateOf, type Target } from "../target.ts";
import type { TargetGroup } from "../target-group.ts";

export interface TargetStatus {
  /** Its origin: `http://127.0.0.1:3001`. */
  readonly target: string;
  readonly group: string;
  readonly state: TargetState;
  /** Why the last health check failed; empty when it succeeded. */
  readonly problem: string;
  readonly requests: number;
  readonly inFlight: number;
  /** Clients pinned here, of those the status remembers. */
  readonly clients: number;
}

export interface AlbStatus {
  readonly targets: readonly TargetStatus[];
  readonly requests: number;
  /** CloudWatch's `NonStickyRequestCount`. */
  readonly nonStickyRequests: number;
  /** What the balancer answered by itself, by status; 460 counts clients that left. */
  readonly ownStatuses: Readonly<Record<string, number>>;
  /** One line of text: `app_cookie MYAPP for 86400 s`. */
  readonly stickiness: string;
  /** Who is pinned where, latest first; a client is a short random label, never a cookie value. */
  readonly pinned: readonly Pinned[];
}

/** Everything the status page shows, at this moment. */
export function report(balancer: Balancer): AlbStatus {
  const pinned = balancer.pinned();
  const clients = new Map<string, number>();
  for (const { target } of pinned) clients.set(target, (clients.get(target) ?? 0) + 1);
  return {
    targets: balancer.groups.flatMap((group) =>
      [...group.targets.values()].map((target) => describe(target, group, clients.get(target.id) ?? 0)),
    ),
    requests: balancer.requests,
    nonStickyRequests: balancer.nonStickyRequests,
    ownStatuses: { ...balancer.ownStatuses },
    stickiness: describeStickiness(balancer.groups),
    pinned,
  };
}

function describe(target: Target, { settings }: TargetGroup, clients: number): TargetStatus {
  return {
    target: target.id,
    group: settings.name,
    state: stateOf(target),
    problem: target.leaving === undefined ? target.lastProblem : "",
    requests: target.requests,
    inFlight: target.inFlight.size,
    clients,
  };
}

function describeStickiness(groups: readonly TargetGroup[]): string {
  const kinds = groups.map(({ stickiness: { type, cookieName, durationSeconds } }) => {
    const name = cookieName === "" ? "" : ` ${cookieName}`;
    const hasDuration =
      type === "app_cookie" || type === "lb_cookie" || (type === "clb_duration" && durationSeconds > 0);
    return `${type}${name}${hasDuration ? ` for ${durationSeconds} s` : ""}`;
  });
  return [...new Set(kinds)].join(", ");
}
