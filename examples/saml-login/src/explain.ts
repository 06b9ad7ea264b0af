import type { Login } from "./journal.ts";
import { type Mode, stickyCookieName } from "./modes.ts";

export interface Explanation {
  readonly tone: "idle" | "waiting" | "good" | "bad";
  readonly headline: string;
  readonly sentences: readonly string[];
}

export interface Circumstances {
  readonly mode: Mode;
  /** Where shared state is kept, in a few words. */
  readonly state: string;
  /** Is the process that began this login still there? */
  readonly isBeginnerAlive: boolean;
}

/** What happened to a login, in plain words. */
export function explain(login: Login | null, about: Circumstances): Explanation {
  if (login === null) return invitation(about.mode);
  if (login.answered === null) return waiting(login);
  if (login.answered.error !== null) return refused(login, login.answered.error, about);
  if (login.welcomed === null) return waiting(login);
  if (login.welcomed.error !== null) return forgotten(login, login.welcomed.error);
  return accepted(login, about);
}

function invitation(mode: Mode): Explanation {
  return { tone: "idle", headline: "Nobody has logged in yet", sentences: [mode.summary, "Click Log in."] };
}

function waiting({ begunBy, isSignedIn }: Login): Explanation {
  return {
    tone: "waiting",
    headline: "A login is under way",
    sentences: [
      `Instance ${begunBy} made the login request and sent the browser to the identity provider.`,
      isSignedIn ? "The identity provider has answered; its answer has not arrived." : "It is waiting there.",
    ],
  };
}

function refused(login: Login, error: string, about: Circumstances): Explanation {
  const headline = `The login failed: ${error}`;
  if (!error.startsWith("InResponseTo is not valid")) {
    return { tone: "bad", headline, sentences: [`Instance ${login.answered?.instance} refused the answer.`] };
  }
  return { tone: "bad", headline, sentences: [...whoKnew(login, about), ...whyElsewhere(login, about)] };
}

/** The part that is always the same: one instance has the id and another one is asked. */
function whoKnew({ begunBy, answered }: Login, { isBeginnerAlive }: Circumstances): string[] {
  const asked = answered?.instance ?? "";
  if (!isBeginnerAlive) {
    return [
      `Instance ${begunBy} made the login request and kept its id in its own memory. That process is gone, and its memory with it.`,
      `Instance ${asked} got the answer. It has never heard of that id, so it must refuse.`,
    ];
  }
  if (asked === begunBy) {
    return [`Instance ${begunBy} has answered this request before, or the request is too old.`];
  }
  return [
    `Instance ${begunBy} made the login request and kept its id in its own memory.`,
    `The answer arrived at instance ${asked}, which has never heard of that id. For all it knows somebody made the answer up, so it must refuse.`,
  ];
}

function whyElsewhere({ answered, begunBy }: Login, { mode, isBeginnerAlive }: Circumstances): string[] {
  if (!isBeginnerAlive || answered?.instance === begunBy) return [];
  if (mode.stickyCookie === null) {
    return ["There is no stickiness: the balancer gives every request to the next instance."];
  }
  if (!answered?.cookies.includes(stickyCookieName)) {
    return [
      `The sticky cookie ${stickyCookieName} stayed in the browser. It says SameSite=Lax, and the answer is a POST from another site, the identity provider's; browsers leave Lax cookies at home then.`,
      "Without it the balancer saw a stranger and picked an instance anew.",
    ];
  }
  return ["The balancer moved this browser to another instance."];
}

function forgotten({ answered, welcomed }: Login, error: string): Explanation {
  return {
    tone: "bad",
    headline: `The login was lost at once: ${error}`,
    sentences: [
      `Instance ${answered?.instance} accepted the answer and made a session in its own memory.`,
      `The very next request went to instance ${welcomed?.instance}, which does not have that session.`,
    ],
  };
}

function accepted({ begunBy, answered, welcomed }: Login, { mode, state }: Circumstances): Explanation {
  const [asked, next] = [answered?.instance ?? "", welcomed?.instance ?? ""];
  const isScattered = new Set([begunBy, asked, next]).size > 1;
  if (mode.isShared) {
    return {
      tone: "good",
      headline: isScattered ? "The login worked, on whichever instance answered" : "The login worked",
      sentences: [
        `Instance ${begunBy} made the request, instance ${asked} accepted the answer, instance ${next} served the next page.`,
        `The request's id and the session are in a state that all three share: ${state}. No request needs a certain instance.`,
      ],
    };
  }
  if (mode.stickyCookie === null) {
    return {
      tone: "good",
      headline: "The login worked, by luck",
      sentences: [
        `All its requests happened to reach instance ${asked}. The next login may not be so lucky.`,
      ],
    };
  }
  return {
    tone: "good",
    headline: "The login worked, thanks to stickiness",
    sentences: [
      answered?.cookies.includes(stickyCookieName)
        ? `The sticky cookie came along with the POST from the other site, since it says SameSite=None; Secure. So the balancer chose instance ${asked} again, which has the request's id.`
        : `The sticky cookie did not come along; that the balancer picked instance ${asked} again was luck.`,
      `The session lives in the memory of instance ${next}. Kill it, or deploy, and it is gone.`,
    ],
  };
}
