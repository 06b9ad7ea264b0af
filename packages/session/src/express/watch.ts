import { PrincipalWatch } from "../http/principal-watch.ts";
import type { Kept } from "./kept.ts";

const remarks = {
  "shared-response":
    "a session cookie was not put on a response that is public for shared caches; set Cache-Control to private or no-store where a session begins",
  insecure:
    "a session was not begun, since its cookie is Secure and the connection is not; behind a proxy set Express's `trust proxy`, or the option proxy: true",
  "late-session":
    "a session was begun after the head of the response had left, so it was not stored; put something into it before the first byte",
} as const;

/** Tells the developer, once each, what works but is not what was meant. */
export class Watch {
  readonly #told = new Set<keyof typeof remarks>();
  readonly #principals: PrincipalWatch | undefined;

  constructor(isDevelopment: boolean) {
    this.#principals = isDevelopment ? new PrincipalWatch() : undefined;
  }

  warn(remark: keyof typeof remarks): void {
    if (this.#told.has(remark)) return;
    this.#told.add(remark);
    const code = `WRN_UNSTICK_${remark.toUpperCase().replaceAll("-", "_")}`;
    process.emitWarning(remarks[remark], { type: "UnstickWarning", code });
  }

  noteLoaded(kept: Kept): void {
    this.#principals?.noteLoaded(kept, (name) => name in kept.view);
  }

  checkPrincipal(kept: Kept, shownId: string | undefined): void {
    if (kept.id === shownId) this.#principals?.check(kept, (name) => name in kept.view);
  }
}
