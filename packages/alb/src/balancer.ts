import { randomBytes } from "node:crypto";
import { channel } from "node:diagnostics_channel";
import { AlbError } from "./errors.ts";
import { PinBook, type Pinned } from "./pin-book.ts";
import { type Decision, type RoutingState, route } from "./route.ts";
import type { Turns } from "./rules/algorithm.ts";
import { appCookieLines } from "./rules/app-cookie.ts";
import type { AnswerView, CookieLines, RequestView, RuleContext } from "./rules/claim.ts";
import { writeGroupCookie } from "./rules/group-cookie.ts";
import { newLabel } from "./rules/sealed-value.ts";
import { writeClaim } from "./rules/stickiness.ts";
import type { AlbSettings, Stickiness } from "./settings.ts";
import { stateOf, type Target } from "./target.ts";
import { TargetGroup } from "./target-group.ts";

const routed = channel("unstick.alb.routed");
const targetState = channel("unstick.alb.target-state");

/** One routed request, with what is needed to write its cookies when the answer is there. */
export interface Routed {
  readonly request: RequestView;
  readonly decision: Decision;
  readonly context: RuleContext;
  /** Null: nothing is registered, which is a 503. */
  readonly target: Target | null;
}

/** The state around the pure {@link route}: target groups, the wheel, the key, the counters. */
export class Balancer {
  readonly settings: AlbSettings;
  readonly groups: readonly TargetGroup[];
  readonly pins: PinBook = new PinBook();
  /** Statuses the balancer answered by itself, and 460 for clients that left. */
  readonly ownStatuses: Record<string, number> = {};
  requests = 0;
  nonStickyRequests = 0;
  #groupTurns: Turns = {};
  #key: Buffer = randomBytes(32);
  readonly #watchers: Set<() => void> = new Set();

  constructor(settings: AlbSettings) {
    this.settings = settings;
    const events = {
      changed: (target: Target): void => {
        targetState.publish({ target: target.id, state: stateOf(target), problem: target.lastProblem });
        this.notify();
      },
    };
    const secondMs = 1000 * settings.listener.timeScale;
    this.groups = settings.groups.map((group) => new TargetGroup(group, secondMs, events));
  }

  route(request: RequestView): Routed {
    const context = this.#context();
    const decision = route(request, this.#state(context.nowMs), context, Math.random);
    const group = this.#groupNamed(decision.group.name);
    group.turns = decision.turns;
    this.#groupTurns = decision.groupTurns;
    const target = decision.target === null ? null : (group.targets.get(decision.target) ?? null);
    this.requests += 1;
    if (decision.isNonSticky) this.nonStickyRequests += 1;
    if (target !== null) target.requests += 1;
    routed.publish({ target: decision.target, group: group.settings.name, isSticky: decision.isSticky });
    this.notify();
    return { request, decision, context, target };
  }

  /** The balancer's cookies for an answer of the target that was chosen. */
  cookies({ request, decision, context, target }: Routed, answer: AnswerView): CookieLines {
    if (target === null) return { early: [], late: [] };
    const { claim, group, isSticky, isWeighted } = decision;
    const groupDuration = isWeighted ? this.settings.groupStickiness?.durationSeconds : undefined;
    const early =
      groupDuration === undefined ? [] : writeGroupCookie(group.name, claim.label, groupDuration, context);
    if (isWeighted && group.stickiness.type === "app_cookie") {
      return { early, late: appCookieLines(null, request.userAgent, context) };
    }
    const lines = writeClaim(request, { target: target.id, isSticky, claim }, answer, group, context);
    if (isSticky || lines.early.length + lines.late.length > 0) this.#remember(claim.label, target, lines);
    return { early: [...early, ...lines.early], late: lines.late };
  }

  /** [D] 464: "the request protocol is incompatible with the target group protocol version". */
  speaksHttp1({ decision }: Routed): boolean {
    return this.#groupNamed(decision.group.name).settings.protocolVersion === "HTTP1";
  }

  countOwnStatus(status: number): void {
    this.ownStatuses[status] = (this.ownStatuses[status] ?? 0) + 1;
    this.notify();
  }

  groupOf(name: string | undefined): TargetGroup {
    const only = this.groups.length === 1 ? this.groups[0] : undefined;
    const group = name === undefined ? only : this.groups.find(({ settings }) => settings.name === name);
    if (group !== undefined) return group;
    const names = this.groups.map(({ settings }) => settings.name).join(", ");
    throw new AlbError("ERR_UNSTICK_ALB_TARGET", `there are several target groups; name one of ${names}`);
  }

  /** A new key makes every cookie given out before undecodable. */
  setStickiness(stickiness: Stickiness): void {
    this.#key = randomBytes(32);
    this.pins.clear();
    for (const group of this.groups) group.stickiness = stickiness;
    this.notify();
  }

  pinned(): readonly Pinned[] {
    return this.pins.list();
  }

  /** Be told, without details, that something the status shows has changed. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  notify(): void {
    for (const watcher of this.#watchers) watcher();
  }

  close(): void {
    for (const group of this.groups) group.close();
  }

  #remember(label: string, target: Target, lines: CookieLines): void {
    const isForgotten = lines.late.some((line) => line.startsWith("AWSALBAPP-0=_remove_"));
    if (isForgotten) this.pins.forget(label);
    else this.pins.pin(label, target.id, Date.now());
  }

  #groupNamed(name: string): TargetGroup {
    return this.groups.find(({ settings }) => settings.name === name) ?? this.groupOf(name);
  }

  #state(nowMs: number): RoutingState {
    const { groupStickiness } = this.settings;
    return {
      groups: this.groups.map((group) => group.view(nowMs)),
      groupTurns: this.#groupTurns,
      groupStickiness,
    };
  }

  #context(): RuleContext {
    const { assume, listener, tls } = this.settings;
    const secondMs = 1000 * listener.timeScale;
    return { key: this.#key, nowMs: Date.now(), isHttps: tls !== undefined, assume, secondMs, newLabel };
  }
}
