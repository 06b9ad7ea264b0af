/** Attributes by which applications note who is logged in. */
const principalNames = ["passport", "user", "userId", "principal"];

/** Tells the developer, once: a session that names a user since this request should have another id since this request. */
export class PrincipalWatch {
  #isTold = false;
  readonly #anonymous = new WeakMap<object, readonly string[]>();

  /** `has`: whether the session has an attribute. */
  noteLoaded(session: object, has: (name: string) => boolean): void {
    if (this.#isTold) return;
    this.#anonymous.set(
      session,
      principalNames.filter((name) => !has(name)),
    );
  }

  /** A session that is stored under the id that the browser showed. */
  check(session: object, has: (name: string) => boolean): void {
    if (this.#isTold || this.#anonymous.get(session)?.some(has) !== true) return;
    this.#isTold = true;
    process.emitWarning(
      "a user was put into a session that kept its id, so an id planted before the login (CWE-384) now opens it; call login(user) of the session, or regenerate() before",
      { type: "UnstickWarning", code: "WRN_UNSTICK_PRINCIPAL" },
    );
  }
}
