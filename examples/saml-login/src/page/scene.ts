import type { CrowdMember } from "../crowd.ts";
import type { Explanation } from "../explanation.ts";
import type { InstanceView } from "../fleet/fleet.ts";
import type { Login } from "../journal.ts";
import type { Logout } from "../logout.ts";
import type { Mode } from "../modes.ts";
import type { Replay } from "../replay.ts";

/** All that the page shows. */
export interface Scene {
  readonly loginUrl: string;
  readonly publicUrl: string;
  readonly idpUrl: string;
  readonly framework: string;
  readonly state: string;
  readonly modes: readonly Mode[];
  readonly mode: string;
  /** What is being done right now; null when the person may act. */
  readonly busy: string | null;
  /** How many things were done; when it changes, the page asks anew who it is. */
  readonly turn: number;
  readonly instances: readonly InstanceView[];
  readonly login: Login | null;
  readonly explanation: Explanation;
  /** Is there an answer of the identity provider that somebody could have copied? */
  readonly canReplay: boolean;
  readonly replay: Replay | null;
  readonly crowd: readonly CrowdMember[];
  readonly logout: Logout | null;
  /** What was done, the latest first. */
  readonly log: readonly string[];
}

export interface Action {
  readonly name: string;
  /** Mode, instance, or whom to log out. */
  readonly subject: string;
}
