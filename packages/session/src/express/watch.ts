import type { Kept } from "./kept.ts";

const remarks = {
  principal:
    "a user was put into a session that kept its id, so an id planted before the login (CWE-384) now opens it; call req.session.login(user), or regenerate() before",
  "shared-response":
    "a session cookie was not put on a response that is public for shared caches; set Cache-Control to private or no-store where a session begins",
  insecure:
    "a session was not begun, since its cookie is Secure and the connection is not; behind a proxy set Express's `trust proxy`, or the option proxy: true",
  "late-session":
    "a session was begun after the head of the response had left, so it was not stored; put something into it before the first byte",
} as const;

/** Attributes by which applications note who is logged in. */
const principalNames = ["passport", "user", "userId", "principal"];

/** Tells the developer, once each, what works but is not what was meant. */
export class Watch {
  readonly #told = new Set<keyof typeof remarks>();
  readonly #isDevelopment: boolean;
  readonly #anonymous = new WeakMap<Kept, readonly string[]>();

  constructor(isDevelopment: boolean) {
    this.#isDevelopment = isDevelopment;
  }

  warn(remark: keyof typeof remarks): void {
    if (this.#told.has(remark)) return;
    this.#told.add(remark);
    const code = `WRN_UNSTICK_${remark.toUpperCase().replaceAll("-", "_")}`;
    process.emitWarning(remarks[remark], { type: "UnstickWarning", code });
  }

  noteLoaded(kept: Kept): void {
    if (!this.#isDevelopment || this.#told.has("principal")) return;
    this.#anonymous.set(
      kept,
      principalNames.filter((name) => !(name in kept.view)),
    );
  }

  /** A session that names a user since this request should have another id since this request. */
  checkPrincipal(kept: Kept, shownId: string | undefined): void {
    const absent = this.#isDevelopment && kept.id === shownId ? this.#anonymous.get(kept) : undefined;
    if (absent?.some((name) => name in kept.view)) this.warn("principal");
  }
}
