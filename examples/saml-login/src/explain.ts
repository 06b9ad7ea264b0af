import type { Explanation } from "./explanation.ts";
import type { Step } from "./fleet/messages.ts";
import type { Login } from "./journal.ts";
import { type Mode, stickyCookieName } from "./modes.ts";

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
  const { answered, redeemed, welcomed } = login;
  if (answered === null) return waiting(login);
  if (answered.refusal !== null) return refused(login, answered, about);
  if (redeemed === null) return waiting(login);
  if (redeemed.refusal !== null) return leftBehind(answered, redeemed);
  if (welcomed === null) return waiting(login);
  if (welcomed.refusal !== null) return forgotten(redeemed, welcomed);
  return accepted(login, [answered, redeemed, welcomed], about);
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

const unknownRequest = "ERR_UNSTICK_SAML_REQUEST_UNKNOWN";

function refused(login: Login, answered: Step, about: Circumstances): Explanation {
  const { instance, refusal } = answered;
  if (refusal?.code !== unknownRequest) {
    return {
      tone: "bad",
      headline: `The login failed at instance ${instance}`,
      sentences: [refusal?.sentence ?? ""],
    };
  }
  return {
    tone: "bad",
    headline: `The login failed: instance ${instance} knows of no such login`,
    sentences: [...whoKnew(login, instance, about), ...whyElsewhere(login, answered, about)],
  };
}

/** The part that is always the same: one instance has the id and another one is asked. */
function whoKnew({ begunBy }: Login, asked: string, { isBeginnerAlive }: Circumstances): string[] {
  if (isBeginnerAlive && asked === begunBy) return ["The login took too long, and is forgotten."];
  const end = isBeginnerAlive ? "" : " That process is gone, and its memory with it.";
  return [
    `Instance ${begunBy} made the login request and kept its id in its own memory.${end}`,
    `The answer arrived at instance ${asked}, which has never heard of that id. For all it knows somebody made the answer up, so it must refuse. (node-saml's own words for this are: InResponseTo is not valid.)`,
  ];
}

function whyElsewhere(
  { begunBy }: Login,
  answered: Step,
  { mode, isBeginnerAlive }: Circumstances,
): string[] {
  if (!isBeginnerAlive || answered.instance === begunBy) return [];
  if (mode.stickyCookie === null) {
    return ["There is no stickiness: the balancer gives every request to the next instance."];
  }
  if (!answered.cookies.includes(stickyCookieName)) {
    return [
      `The sticky cookie ${stickyCookieName} stayed in the browser. It says SameSite=Lax, and the answer is a POST from another site, the identity provider's; browsers leave Lax cookies at home then.`,
      "Without it the balancer saw a stranger and picked an instance anew.",
    ];
  }
  return ["The balancer moved this browser to another instance."];
}

/** The POST was fine; the GET after it, by which the browser shows that it began the login, was not. */
function leftBehind(answered: Step, redeemed: Step): Explanation {
  if (redeemed.refusal?.code !== unknownRequest) {
    return {
      tone: "bad",
      headline: `The login failed at instance ${redeemed.instance}`,
      sentences: [redeemed.refusal?.sentence ?? ""],
    };
  }
  return {
    tone: "bad",
    headline: "The login failed: the answer was left behind",
    sentences: [
      `Instance ${answered.instance} found the answer good, kept it in its own memory and told the browser to come for it, so that the browser can show that it began this login.`,
      `That request went to instance ${redeemed.instance}, where nothing waits for it.`,
    ],
  };
}

function forgotten(redeemed: Step, welcomed: Step): Explanation {
  return {
    tone: "bad",
    headline: "The login was lost at once: the next page does not know it",
    sentences: [
      `Instance ${redeemed.instance} accepted the answer and made a session in its own memory.`,
      `The very next request went to instance ${welcomed.instance}, which does not have that session.`,
    ],
  };
}

type Steps = readonly [answered: Step, redeemed: Step, welcomed: Step];

function accepted({ begunBy }: Login, steps: Steps, { mode, state }: Circumstances): Explanation {
  const [answered, redeemed, welcomed] = steps;
  if (mode.isShared) {
    const isScattered = new Set([begunBy, ...steps.map(({ instance }) => instance)]).size > 1;
    return {
      tone: "good",
      headline: isScattered ? "The login worked, on whichever instance answered" : "The login worked",
      sentences: [
        `Instance ${begunBy} made the request, ${answered.instance} checked the answer, ${redeemed.instance} gave it to the browser that began, and ${welcomed.instance} served the next page.`,
        `The login on its way and the session are in a state that all three share: ${state}. No request needs a certain instance.`,
      ],
    };
  }
  if (mode.stickyCookie === null) {
    return {
      tone: "good",
      headline: "The login worked, by luck",
      sentences: [
        `All its requests happened to reach instance ${begunBy}. The next login may not be so lucky.`,
      ],
    };
  }
  return {
    tone: "good",
    headline: "The login worked, thanks to stickiness",
    sentences: [
      answered.cookies.includes(stickyCookieName)
        ? `The sticky cookie came along with the POST from the other site, since it says SameSite=None; Secure. So the balancer chose instance ${answered.instance} again, which has the request's id.`
        : `The sticky cookie did not come along; that the balancer picked instance ${answered.instance} again was luck.`,
      `The session lives in the memory of instance ${welcomed.instance}. Kill it, or deploy, and it is gone.`,
    ],
  };
}
