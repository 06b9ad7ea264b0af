import type { Algorithm } from "./options.ts";
import { pick, roundRobin, type Turns } from "./rules/algorithm.ts";
import type { Claim, RequestView, RuleContext, StickyGroup, TargetView } from "./rules/claim.ts";
import { unclaimed } from "./rules/claim.ts";
import { readGroupCookie } from "./rules/group-cookie.ts";
import { matchesPath } from "./rules/path-pattern.ts";
import { isKeptInCookie, readClaim } from "./rules/stickiness.ts";

export interface GroupView extends StickyGroup {
  readonly algorithm: Algorithm;
  readonly weight: number;
  readonly pathPattern: string | undefined;
  readonly turns: Turns;
}

/** Everything routing depends on besides the request. */
export interface RoutingState {
  readonly groups: readonly GroupView[];
  readonly groupTurns: Turns;
  /** Set when group stickiness is on. */
  readonly groupStickiness: { readonly durationSeconds: number } | undefined;
}

export interface Decision {
  readonly group: GroupView;
  /** Null: there is no registered target, which is a 503. */
  readonly target: string | null;
  readonly isSticky: boolean;
  /** Counts as NonStickyRequestCount. */
  readonly isNonSticky: boolean;
  readonly claim: Claim;
  /** Is the group one of several that share the traffic by weight? */
  readonly isWeighted: boolean;
  /** What round robin remembers next. */
  readonly turns: Turns;
  readonly groupTurns: Turns;
}

/** Where a request goes. Pure: the same request, state, context and random numbers give the same decision. */
export function route(
  request: RequestView,
  state: RoutingState,
  context: RuleContext,
  random: () => number,
): Decision {
  const { group, isWeighted, groupTurns } = chooseGroup(request, state, context);
  const usable = usableTargets(group.targets);
  const claim = isWeighted
    ? claimInWeighted(request, group, usable, context)
    : readClaim(request, group, usable, context);
  const common = { group, claim, groupTurns, isWeighted };
  if (claim.target !== null) {
    return { ...common, target: claim.target, isSticky: true, isNonSticky: false, turns: group.turns };
  }
  const isNonSticky = isKeptInCookie(group);
  if (usable.length === 0)
    return { ...common, target: null, isSticky: false, isNonSticky, turns: group.turns };
  const { id, turns } = pick(group.algorithm, usable, group.turns, random);
  return { ...common, target: id, isSticky: false, isNonSticky, turns };
}

/** [D] Fail-open: without one healthy target the registered ones are all used; [I] those still `initial` too. */
export function usableTargets(targets: readonly TargetView[]): readonly TargetView[] {
  const healthy = targets.filter(({ state }) => state === "healthy");
  if (healthy.length > 0) return healthy;
  return targets.filter(({ state }) => state === "initial" || state === "unhealthy");
}

interface ChosenGroup {
  readonly group: GroupView;
  readonly isWeighted: boolean;
  readonly groupTurns: Turns;
}

/** Rules with a path first, in order; else the default action, whose groups share the traffic by weight. */
function chooseGroup(request: RequestView, state: RoutingState, context: RuleContext): ChosenGroup {
  const byPath = state.groups.find(
    ({ pathPattern }) => pathPattern !== undefined && matchesPath(request.path, pathPattern),
  );
  const shared = state.groups.filter(({ pathPattern }) => pathPattern === undefined);
  const only = byPath ?? (shared.length === 1 ? shared[0] : undefined);
  if (only !== undefined) return { group: only, isWeighted: false, groupTurns: state.groupTurns };
  const names = shared.map(({ name }) => name);
  const pinned = state.groupStickiness === undefined ? null : readGroupCookie(request, names, context);
  const sticky = shared.find(({ name }) => name === pinned);
  if (sticky !== undefined) return { group: sticky, isWeighted: true, groupTurns: state.groupTurns };
  return chooseByWeight(shared, state.groupTurns, context);
}

/** [D] Weights 0 to 999; [I] dealt out as a wheel, and no request leaves a group because its targets are unhealthy. */
function chooseByWeight(shared: readonly GroupView[], turns: Turns, context: RuleContext): ChosenGroup {
  const weighted = shared.filter(({ weight }) => weight > 0);
  const alive = weighted.filter(({ targets }) => targets.some(({ state }) => state === "healthy"));
  const open = context.assume.groupFailover && alive.length > 0 ? alive : weighted;
  const picked = roundRobin(
    (open.length > 0 ? open : shared).map(({ name, weight }) => ({
      id: name,
      inFlight: 0,
      share: weight || 1,
    })),
    turns,
  );
  const group = shared.find(({ name }) => name === picked.id);
  if (group === undefined) throw new RangeError("a listener needs at least one target group");
  return { group, isWeighted: true, groupTurns: picked.turns };
}

/** [D] "Application-based stickiness does not work with weighted target groups"; [O] its cookies are then all `_remove_`. */
function claimInWeighted(
  request: RequestView,
  group: GroupView,
  usable: readonly TargetView[],
  context: RuleContext,
): Claim {
  if (group.stickiness.type !== "app_cookie") return readClaim(request, group, usable, context);
  return unclaimed(context, "no_cookie");
}
