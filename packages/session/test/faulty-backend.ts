import type { Backend } from "@unstick/session";

const verbs = ["read", "create", "update", "touch", "destroy", "rename"] as const;
type Verb = (typeof verbs)[number];

/** How the verbs of a backend answer; what fails then is rejected or thrown. */
export type How = "by a promise" | "at once";

/** What a fault does to a call: fail it, or hold it until told. */
export interface Faults {
  /** These verbs reject. */
  readonly failing: Set<Verb>;
  /** Run before a verb; may wait. */
  before?: (verb: Verb) => Promise<void> | undefined;
}

/** A backend that fails where it is told to, in the way a full or dead server does. */
export function faultyBackend<Inner extends Backend>(
  inner: Inner,
  how: How = "by a promise",
): Inner & Faults {
  const faults: Faults = { failing: new Set() };
  return new Proxy(inner, {
    get(target, name) {
      if (name === "failing") return faults.failing;
      const member: unknown = Reflect.get(target, name);
      if (!(verbs as readonly unknown[]).includes(name) || typeof member !== "function") return member;
      const answer = (args: unknown[]): unknown => {
        if (faults.failing.has(name as Verb)) throw new Error("OOM command not allowed");
        return member.apply(target, args) as unknown;
      };
      return (...args: unknown[]) => {
        const waiting = faults.before?.(name as Verb);
        if (waiting === undefined && how === "at once") return answer(args);
        return Promise.resolve(waiting).then(() => answer(args));
      };
    },
    set(_target, name, value) {
      if (name !== "before") return false;
      faults.before = value as NonNullable<Faults["before"]>;
      return true;
    },
  }) as Inner & Faults;
}
