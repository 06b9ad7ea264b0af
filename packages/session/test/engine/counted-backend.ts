import type { AttributeChange, Backend } from "@unstick/session";

/** A backend that notes which verbs were called, and what the updates carried. */
export function countedBackend<Inner extends Backend>(
  inner: Inner,
): Inner & { readonly calls: string[]; readonly updates: AttributeChange[] } {
  const calls: string[] = [];
  const updates: AttributeChange[] = [];
  return new Proxy(inner, {
    get(target, name, receiver) {
      if (name === "calls") return calls;
      if (name === "updates") return updates;
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        calls.push(String(name));
        if (name === "update") updates.push(args[1] as AttributeChange);
        return member.apply(target, args) as unknown;
      };
    },
  }) as Inner & { calls: string[]; updates: AttributeChange[] };
}
