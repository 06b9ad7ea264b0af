import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Backend, Lifetime, PrincipalIndex, SessionEnumeration, SessionKey } from "../backend.ts";
import type { SharedState } from "../shared-state.ts";

/** The caller's own: `test` or `it` of vitest, node:test, Jest or mocha. */
export interface TestKit {
  readonly test: (name: string, body: () => Promise<void>) => unknown;
}

/** One fresh store with nothing in it. The suite asks for one per case, and closes it. */
interface Subject {
  /** Move the store's clock forward. Absent: the suite waits, by the real time. */
  advance?(ms: number): void | Promise<void>;
  /** Called once when the case is over, whatever its outcome. */
  close?(): Promise<void>;
}

export interface BackendSubject extends Subject {
  readonly backend: Backend & Partial<SessionEnumeration & PrincipalIndex>;
  /** The same sessions as another process sees them: another connection, another open of the file. */
  readonly sibling?: Backend & Partial<SessionEnumeration & PrincipalIndex>;
  /** Make the stored record of `key` undecodable, or one of a format version that is not known yet. */
  damage?(key: SessionKey, kind: "damaged" | "newer"): Promise<void>;
}

export interface StateSubject extends Subject {
  readonly state: SharedState;
  /** The same values as another process sees them. */
  readonly sibling?: SharedState;
}

/** What a store honestly cannot do. Cases beyond a declared limit are not registered at all. */
export interface StoreLimits {
  /** The largest value in bytes that the suite stores. Default 1 MiB. */
  readonly largestValueBytes?: number;
  /**
   * A lifetime that the suite waits out where the clock cannot be advanced. Long enough for a few verbs on
   * a slow machine, and a multiple of the store's granularity. Default 400 ms.
   */
  readonly shortMs?: number;
}

export interface BackendLimits extends StoreLimits {
  /** Default true: the backend is a {@link SessionEnumeration}. */
  readonly enumeration?: boolean;
  /** Default true: the backend is a {@link PrincipalIndex}. */
  readonly principals?: boolean;
  /** Default true: the factory gives `damage`. */
  readonly damage?: boolean;
}

/** What each case is given: the subject, a lifetime that can be waited out, and time itself. */
export interface Stage<S> {
  readonly subject: S;
  readonly short: Lifetime;
  readonly largestValueBytes: number;
  /** Let time pass: `ms` by the store's clock, and a little more where the suite has to wait. */
  pass(ms: number): Promise<void>;
}

export interface Case<S> {
  readonly name: string;
  run(stage: Stage<S>): Promise<void>;
}

/** Long enough never to pass within a case. */
export const LONG: Lifetime = { idleMs: 600_000 };

/** Registers the cases with the caller's test function, each on a store of its own. */
export function registerCases<S extends Subject>(
  kit: TestKit,
  makeSubject: () => Promise<S>,
  limits: StoreLimits,
  cases: readonly Case<S>[],
): void {
  for (const { name, run } of cases) {
    kit.test(name, async () => {
      const subject = await makeSubject();
      try {
        await run(stageOf(subject, limits));
      } finally {
        await subject.close?.();
      }
    });
  }
}

/** A key in the form that the engine makes; each label has its own in each run. */
export function keyOf(label: string): SessionKey {
  return createHash("sha256").update(`${RUN}.${label}`).digest("base64url");
}

const RUN = randomUUID();

/** The clocks of a store and of this process need not tick together. */
const CLOCK_SLACK_MS = 25;

function stageOf<S extends Subject>(subject: S, limits: StoreLimits): Stage<S> {
  return {
    subject,
    short: { idleMs: limits.shortMs ?? 400 },
    largestValueBytes: limits.largestValueBytes ?? 1_048_576,
    pass: async (ms) => {
      if (subject.advance === undefined) await sleep(ms + CLOCK_SLACK_MS);
      else await subject.advance(ms);
    },
  };
}
