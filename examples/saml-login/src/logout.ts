import type { CrowdMember } from "./crowd.ts";
import { type Explanation, inWords } from "./explanation.ts";
import type { LoggedOut } from "./fleet/messages.ts";
import type { Mode } from "./modes.ts";

export interface Logout {
  /** Whom the identity provider logged out. */
  readonly name: string;
  readonly explanation: Explanation;
}

/** `left`: sessions of this person that some instance still knows. */
export function explainLogout(
  name: string,
  { instance, sessions }: LoggedOut,
  left: readonly CrowdMember[],
  mode: Mode,
): Explanation {
  const arrival = `The identity provider's LogoutRequest came by POST and without a cookie, to instance ${instance}.`;
  if (left.length > 0) {
    const where = left.map(({ device, knownBy }) => `${device} (instance ${inWords(knownBy)})`);
    return {
      tone: "bad",
      headline: `${name} was not logged out everywhere`,
      sentences: [
        `${arrival} It ended ${count(sessions)}: it can end only those in its own memory.`,
        `Still logged in: ${inWords(where)}.`,
      ],
    };
  }
  if (mode.isShared) {
    return {
      tone: "good",
      headline: `${name} is logged out everywhere`,
      sentences: [
        `${arrival} It found ${count(sessions)} of this person in the index that all instances share, and ended all of them, whichever instance had made them.`,
        "An answer of the identity provider that was made before and arrives only now is refused, too.",
      ],
    };
  }
  return {
    tone: sessions > 0 ? "good" : "bad",
    headline: `Instance ${instance} ended ${count(sessions)} of ${name}`,
    sentences: [arrival, "What other instances have in their memory, it cannot end."],
  };
}

function count(sessions: number): string {
  if (sessions === 0) return "no session";
  return sessions === 1 ? "1 session" : `${sessions} sessions`;
}
