/** The sticky cookie's name: the application chose it, and the balancer's target group is told it. */
export const stickyCookieName = "unstick_demo";

export type ModeId = "local" | "sticky-lax" | "sticky-none" | "shared";

/** One way to run the three instances. */
export interface Mode {
  readonly id: ModeId;
  readonly title: string;
  readonly summary: string;
  /** `SameSite` of the sticky cookie; null means that there is none. */
  readonly stickyCookie: "lax" | "none" | null;
  /** Do all instances share login state and sessions? */
  readonly isShared: boolean;
}

export const modes: readonly Mode[] = [
  {
    id: "local",
    title: "No stickiness, local state",
    summary: "Round robin. Every instance keeps logins and sessions in its own memory.",
    stickyCookie: null,
    isShared: false,
  },
  {
    id: "sticky-lax",
    title: "Sticky cookie with SameSite=Lax, local state",
    summary: "app_cookie stickiness. The cookie has the attributes that most cookies have.",
    stickyCookie: "lax",
    isShared: false,
  },
  {
    id: "sticky-none",
    title: "Sticky cookie with SameSite=None; Secure, local state",
    summary: "app_cookie stickiness, with a cookie that survives the way back from the identity provider.",
    stickyCookie: "none",
    isShared: false,
  },
  {
    id: "shared",
    title: "No stickiness, shared state",
    summary: "Round robin. All instances share logins and sessions: @unstick/saml and a session store.",
    stickyCookie: null,
    isShared: true,
  },
];

export function findMode(id: string): Mode {
  const mode = modes.find((candidate) => candidate.id === id);
  if (mode === undefined)
    throw new Error(`no mode ${id}; known are ${modes.map((known) => known.id).join(", ")}`);
  return mode;
}
