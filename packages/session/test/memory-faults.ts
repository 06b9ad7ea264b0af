import { type Backend, memoryBackend, type PrincipalIndex, type SessionEnumeration } from "@unstick/session";

type MemoryBackend = Backend & SessionEnumeration & PrincipalIndex;

/** Mistakes that are easily made in a backend: what a verb does instead, given one that is right. */
export const BACKEND_FAULTS: Readonly<Record<string, (right: MemoryBackend) => Partial<MemoryBackend>>> = {
  "update is an upsert": (right) => ({
    update: async (key, change, lifetime, token) => {
      const answer = await right.update(key, change, lifetime, token);
      if (answer.outcome !== "gone") return answer;
      await right.destroy(key, 0);
      await right.create(key, change.set ?? new Map(), lifetime);
      return { outcome: "ok", current: new Map() };
    },
  }),
  "update reads, then writes": (right) => ({ update: checkThenUpdate(right) }),
  "update writes the whole record": (right) => ({
    update: async (key, change, lifetime, token) => {
      const before = await right.read(key);
      const remove = [...(before?.attributes.keys() ?? [])].filter(
        (name) => !change.set?.has(name) && !change.add?.has(name),
      );
      return right.update(key, { ...change, remove }, lifetime, token);
    },
  }),
  "tokens are not looked at": (right) => ({
    update: (key, change, lifetime) => right.update(key, change, lifetime),
  }),
  "expect is not looked at": (right) => ({
    update: (key, { expect: _ignored, ...change }, lifetime, token) =>
      right.update(key, change, lifetime, token),
  }),
  "a conflict writes half": (right) => ({
    update: async (key, change, lifetime, token) => {
      const answer = await right.update(key, change, lifetime, token);
      if (answer.outcome === "conflict") await right.update(key, { set: change.set ?? new Map() }, lifetime);
      return answer;
    },
  }),
  "the absolute lifetime is forgotten": (right) => ({
    touch: (key, { idleMs }) => right.touch(key, { idleMs }),
  }),
  "touch does nothing": (right) => ({
    touch: async (key) => ((await right.read(key)) === null ? "gone" : "ok"),
  }),
  "create overwrites": (right) => ({
    create: async (key, attributes, lifetime) => {
      await right.destroy(key, 0);
      return right.create(key, attributes, lifetime);
    },
  }),
  "destroy leaves no tombstone": (right) => ({ destroy: (key) => right.destroy(key, 0) }),
  "destroy leaves a tombstone only where there was a session": (right) => ({
    destroy: async (key, tombstoneMs) =>
      (await right.read(key)) === null ? { outcome: "gone" } : right.destroy(key, tombstoneMs),
  }),
  "rename copies and leaves the old key alive": (right) => ({
    rename: async (from, to, change, lifetime) => {
      const before = await right.read(from);
      if (before === null) return { outcome: "gone" };
      await right.create(to, new Map([...before.attributes, ...(change.set ?? [])]), lifetime);
      return { outcome: "ok" };
    },
  }),
  "rename knows no grace": (right) => ({
    rename: (from, to, change, lifetime) => right.rename(from, to, change, lifetime, 0),
  }),
  "a key in its grace reads what is there now": (right) => ({
    read: async (key) => {
      const session = await right.read(key);
      const target = session?.movedTo === undefined ? null : await right.read(session.movedTo);
      return session && target ? { ...session, attributes: target.attributes } : session;
    },
  }),
  "keys are compared without letter case": (right) => ({
    read: (key) => right.read(key.toLowerCase()),
    create: (key, attributes, lifetime) => right.create(key.toLowerCase(), attributes, lifetime),
  }),
  "names are kept in a plain object": (right) => ({
    read: async (key) => {
      const session = await right.read(key);
      const plain: Record<string, string> = {};
      for (const [name, value] of session?.attributes ?? []) plain[name] = value;
      return session && { ...session, attributes: new Map(Object.entries(plain)) };
    },
  }),
  "read hands out what it goes on to change": (right) => {
    const handedOut = new Map<string, string>();
    return {
      read: async (key) => {
        const session = await right.read(key);
        handedOut.clear();
        for (const [name, value] of session?.attributes ?? []) handedOut.set(name, value);
        return session && { ...session, attributes: handedOut };
      },
    };
  },
  "counters are doubles": (right) => ({
    update: async (key, change, lifetime, token) => {
      const before = (await right.read(key))?.attributes;
      const sums = [...(change.add ?? [])].map(
        ([name, amount]) => [name, String(Number(before?.get(name) ?? 0) + amount)] as const,
      );
      const set = new Map([...(change.set ?? []), ...sums]);
      const answer = await right.update(key, { ...change, add: new Map(), set }, lifetime, token);
      return answer.outcome === "ok" ? { ...answer, current: new Map(sums) } : answer;
    },
  }),
  "enumeration gives keys in their grace": (right) => {
    const moved: string[] = [];
    return {
      rename: async (...args) => {
        moved.push(args[0]);
        return right.rename(...args);
      },
      sessionKeys: async function* () {
        yield* right.sessionKeys();
        yield* moved;
      },
    };
  },
  "destroyAll forgets keys in their grace": (right) => ({
    destroyAll: async (tombstoneMs) => {
      let ended = 0;
      for await (const key of right.sessionKeys()) {
        await right.destroy(key, tombstoneMs);
        ended += 1;
      }
      return ended;
    },
  }),
  "the limit lets one too many in": (right) => ({
    linkPrincipal: (principal, key, entry, lifetime, limit) =>
      right.linkPrincipal(principal, key, entry, lifetime, limit && { ...limit, max: limit.max + 1 }),
  }),
  "who is in already counts as another": (right) => ({
    linkPrincipal: async (principal, key, entry, lifetime, limit) => {
      const listed = await right.principalSessions(principal);
      if (limit?.policy === "reject" && listed.length >= limit.max) return { outcome: "limit", evict: [] };
      return right.linkPrincipal(principal, key, entry, lifetime, limit);
    },
  }),
  "leaving a principal's list writes back what was read": (right) => ({
    unlinkPrincipal: async (principal, key) => {
      const listed = await right.principalSessions(principal);
      await new Promise((resolve) => setImmediate(resolve));
      for (const { key: one, entry } of listed) {
        if (one !== key) await right.linkPrincipal(principal, one, entry, { idleMs: 600_000 });
      }
      await right.unlinkPrincipal(principal, key);
    },
  }),
};

/** The form that nearly every session store has: look whether the session is there, then write it. */
export function checkThenUpdate(
  right: Backend,
  pause: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve)),
): Backend["update"] {
  return async (key, change, lifetime) => {
    const before = await right.read(key);
    if (before === null) return { outcome: "gone" };
    await pause();
    const after = new Map([...before.attributes, ...(change.set ?? [])]);
    for (const [name, amount] of change.add ?? [])
      after.set(name, `${Number(after.get(name) ?? 0) + amount}`);
    await right.destroy(key, 0);
    await right.create(key, after, lifetime);
    return { outcome: "ok", current: after };
  };
}

/** A memory backend with one of the mistakes, and a clock that moves when told. */
export function faultySubject(fault: string): { backend: MemoryBackend; advance: (ms: number) => void } {
  let time = 1_000_000;
  const right = memoryBackend({ now: () => time });
  const advance = (ms: number): void => {
    time += ms;
  };
  return { backend: { ...right, ...BACKEND_FAULTS[fault]!(right) }, advance };
}
