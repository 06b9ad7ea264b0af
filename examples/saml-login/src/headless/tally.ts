import type { InstanceView } from "../fleet/fleet.ts";
import type { Mode, ModeId } from "../modes.ts";

/** What one mode came to. */
export interface Figures {
  readonly mode: ModeId;
  readonly title: string;
  readonly tried: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Each error as the visitor read it, and how often. */
  readonly errors: Readonly<Record<string, number>>;
  readonly killed: string;
  /** People whose session was known right before the kill. */
  readonly sessionsBeforeKill: number;
  /** Those of them who were not known right after it. */
  readonly sessionsLost: number;
  /** Answers presented once more, by somebody else. */
  readonly replays: number;
  readonly replaysAccepted: number;
  /** Sessions alive when the identity provider logged everybody out. */
  readonly loggedOut: number;
  /** Those of them that some instance knew after that. */
  readonly aliveAfterLogout: number;
  /** Of all logins, those after the kill included. */
  readonly requests: Readonly<Record<string, number>>;
  /** Up to the kill: the largest instance's requests over the mean. */
  readonly imbalance: number;
}

export interface Played {
  readonly mode: Mode;
  /** One entry a login: the error, or null. */
  readonly errors: readonly (string | null)[];
  readonly killed: string;
  readonly before: readonly InstanceView[];
  readonly after: readonly InstanceView[];
  readonly known: number;
  readonly lost: number;
  readonly replays: number;
  readonly replaysAccepted: number;
  readonly loggedOut: number;
  readonly alive: number;
}

export function tally(played: Played): Figures {
  const { mode, errors, killed, before, after } = played;
  const failures = errors.filter((error) => error !== null);
  return {
    mode: mode.id,
    title: mode.title,
    tried: errors.length,
    succeeded: errors.length - failures.length,
    failed: failures.length,
    errors: count(failures),
    killed,
    sessionsBeforeKill: played.known,
    sessionsLost: played.lost,
    replays: played.replays,
    replaysAccepted: played.replaysAccepted,
    loggedOut: played.loggedOut,
    aliveAfterLogout: played.alive,
    requests: Object.fromEntries(after.map(({ name, requests }) => [name, requests])),
    imbalance: imbalance(before.map(({ requests }) => requests)),
  };
}

/** 1 is even; with three instances 3 means that one had everything. */
export function imbalance(requests: readonly number[]): number {
  const total = requests.reduce((sum, each) => sum + each, 0);
  if (total === 0) return 1;
  return Math.round((Math.max(...requests) / (total / requests.length)) * 100) / 100;
}

/**
 * Shared state must lose neither a login nor a session, and a logout must end every session of it. No mode may
 * accept an answer twice.
 */
export function hasFailed(figures: readonly Figures[]): boolean {
  return figures.some((one) => {
    const shared = one.mode === "shared" ? one.failed + one.sessionsLost + one.aliveAfterLogout : 0;
    return shared + one.replaysAccepted > 0;
  });
}

function count(errors: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const error of errors) counts[error] = (counts[error] ?? 0) + 1;
  return counts;
}
