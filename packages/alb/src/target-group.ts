import { AlbError } from "./errors.ts";
import { probe } from "./probe.ts";
import type { GroupView } from "./route.ts";
import type { Turns } from "./rules/algorithm.ts";
import { newHealth, nextHealth, startsSlowly } from "./rules/health.ts";
import type { GroupSettings, Stickiness } from "./settings.ts";
import { newTarget, stateOf, type Target, viewTarget } from "./target.ts";

/** How many targets that have left are remembered for the status page. */
const mostUnused = 50;

export interface TargetGroupEvents {
  /** A target's state changed. */
  changed(target: Target): void;
}

/** The targets of one group: registered, checked, drained. */
export class TargetGroup {
  readonly settings: GroupSettings;
  stickiness: Stickiness;
  turns: Turns = {};
  readonly targets: Map<string, Target> = new Map();
  readonly #secondMs: number;
  readonly #events: TargetGroupEvents;
  readonly #checks: Map<string, AbortController> = new Map();
  readonly #drains: Set<NodeJS.Timeout> = new Set();

  constructor(settings: GroupSettings, secondMs: number, events: TargetGroupEvents) {
    this.settings = settings;
    this.stickiness = settings.stickiness;
    this.#secondMs = secondMs;
    this.#events = events;
  }

  /** Resolves after the first health check of this target. */
  register(id: string): Promise<void> {
    const known = this.targets.get(id);
    if (known !== undefined && known.leaving === undefined) return Promise.resolve();
    const target = known ?? newTarget(id);
    target.leaving = undefined;
    target.health = newHealth;
    target.slowStartSinceMs = undefined;
    // A target that comes back takes its turn behind the others.
    this.targets.delete(id);
    this.targets.set(id, target);
    const controller = new AbortController();
    this.#checks.set(id, controller);
    this.#events.changed(target);
    return new Promise((resolve) => void this.#checkForever(target, controller.signal, resolve));
  }

  /**
   * [D] No new request at once; requests in flight have the deregistration delay, after which they are cut (502).
   * Resolves when none is left; the state stays `draining` until the delay is over.
   */
  async deregister(id: string): Promise<void> {
    const target = this.targets.get(id);
    if (target === undefined || target.leaving === "unused") {
      throw new AlbError(
        "ERR_UNSTICK_ALB_TARGET",
        `${id} is not registered in target group ${this.settings.name}`,
      );
    }
    if (target.leaving === "draining") return this.#untilIdle(target);
    target.leaving = "draining";
    this.#checks.get(id)?.abort();
    this.#events.changed(target);
    const timer = setTimeout(() => {
      this.#drains.delete(timer);
      if (target.leaving === "draining") this.#finishDraining(target);
    }, this.settings.deregistrationDelaySeconds * this.#secondMs);
    this.#drains.add(timer);
    return this.#untilIdle(target);
  }

  view(nowMs: number): GroupView {
    const { name, algorithm, weight, pathPattern } = this.settings;
    const slowStartMs = this.settings.slowStartSeconds * this.#secondMs;
    const targets = [...this.targets.values()].map((target) => viewTarget(target, nowMs, slowStartMs));
    return { name, algorithm, weight, pathPattern, stickiness: this.stickiness, targets, turns: this.turns };
  }

  close(): void {
    for (const controller of this.#checks.values()) controller.abort();
    for (const timer of this.#drains) clearTimeout(timer);
    for (const target of this.targets.values()) for (const request of target.inFlight) request.cut();
  }

  #finishDraining(target: Target): void {
    target.leaving = "unused";
    for (const request of [...target.inFlight]) request.cut();
    const unused = [...this.targets.values()].filter(({ leaving }) => leaving === "unused");
    for (const { id } of unused.slice(0, -mostUnused)) this.targets.delete(id);
    this.#events.changed(target);
  }

  async #untilIdle(target: Target): Promise<void> {
    while (target.inFlight.size > 0 && target.leaving === "draining") {
      await Promise.all([...target.inFlight].map(({ ended }) => ended));
    }
  }

  /** The interval counts from start to start, and a check that is slower than the interval is waited for. */
  async #checkForever(target: Target, signal: AbortSignal, firstDone: () => void): Promise<void> {
    const { healthCheck } = this.settings;
    const intervalMs = healthCheck.intervalSeconds * this.#secondMs;
    while (!signal.aborted) {
      const startedAtMs = Date.now();
      const problem = await probe(target.url, healthCheck, signal);
      if (!signal.aborted) this.#learn(target, problem);
      firstDone();
      await sleep(startedAtMs + intervalMs - Date.now(), signal);
    }
  }

  #learn(target: Target, problem: string): void {
    const before = stateOf(target);
    target.lastProblem = problem;
    target.health = nextHealth(target.health, problem === "", this.settings.healthCheck);
    const after = stateOf(target);
    // What keeps a new target from its first success is news; it may be long before it counts as unhealthy.
    if (after === before && after !== "initial") return;
    target.slowStartSinceMs = after === "healthy" && this.#warmsUp(target) ? Date.now() : undefined;
    this.#events.changed(target);
  }

  #warmsUp(target: Target): boolean {
    const others = this.view(Date.now()).targets.filter(({ id }) => id !== target.id);
    return this.settings.slowStartSeconds > 0 && startsSlowly(others);
  }
}

/** Ends early, and quietly, when the signal is given. Does not keep a process alive on its own. */
function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, Math.max(durationMs, 0));
    signal.addEventListener("abort", wake, { once: true });
  });
}
