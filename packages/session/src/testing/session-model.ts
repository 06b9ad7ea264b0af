import type { AttributeChange, Lifetime, WriteToken } from "../backend.ts";

/**
 * What a backend must answer, in the fewest words: plain objects, one clock, no storage. Written from the
 * contract and from nothing else; no backend uses it.
 */
export class SessionModel {
  now = 0;
  readonly #keys = new Map<string, ModelKey>();

  read(key: string): ModelRead | null {
    const found = this.#at(key);
    if (found?.kind === "live") return { attributes: found.attributes, movedTo: undefined };
    if (found?.kind === "moved" && found.graceUntil > this.now) {
      return { attributes: found.attributes, movedTo: found.movedTo };
    }
    return null;
  }

  create(key: string, attributes: ModelAttributes, lifetime: Lifetime): string {
    const found = this.#at(key);
    if (found !== undefined) return found.kind === "live" ? "taken" : "gone";
    this.#keep(key, lifetime, { kind: "live", createdAt: this.now, until: 0, attributes, seen: new Set() });
    return "ok";
  }

  update(key: string, change: AttributeChange, lifetime: Lifetime, token?: WriteToken): ModelAnswer {
    const live = this.#live(key);
    if (live.kind !== "live") return live.answer;
    const name = token === undefined ? undefined : `${token.writer} ${token.sequence}`;
    if (name !== undefined && live.seen.has(name)) {
      return { outcome: "ok", current: named(live.attributes, change.add?.keys()) };
    }
    const after = changed(live.attributes, change);
    if (after === null) return conflict(live.attributes, change);
    const seen = new Set([...live.seen, ...(name === undefined ? [] : [name])]);
    this.#keep(key, lifetime, { ...live, attributes: after, seen });
    return { outcome: "ok", current: named(after, change.add?.keys()) };
  }

  touch(key: string, lifetime: Lifetime): string {
    const live = this.#live(key);
    if (live.kind !== "live") return live.answer.outcome;
    this.#keep(key, lifetime, live);
    return "ok";
  }

  destroy(key: string, tombstoneMs: number): ModelAnswer {
    const found = this.#at(key);
    const live = this.#live(key);
    const standing = found === undefined || found.kind === "live" ? 0 : found.until;
    this.#keys.set(key, { kind: "tombstone", until: Math.max(standing, this.now + tombstoneMs) });
    return live.kind === "live" ? { outcome: "ok" } : live.answer;
  }

  rename(
    from: string,
    to: string,
    change: AttributeChange,
    lifetime: Lifetime,
    graceMs: number,
  ): ModelAnswer {
    const live = this.#live(from);
    if (live.kind !== "live") return live.answer;
    const after = changed(live.attributes, change);
    if (after === null) return conflict(live.attributes, change);
    if (this.#at(to) !== undefined) {
      this.#keys.set(from, { kind: "tombstone", until: this.now + RENAMED_TOMBSTONE_MS });
      return { outcome: "gone" };
    }
    const graceUntil = this.now + graceMs;
    const until = graceUntil + RENAMED_TOMBSTONE_MS;
    this.#keys.set(from, { kind: "moved", until, graceUntil, movedTo: to, attributes: live.attributes });
    this.#keep(to, lifetime, { ...live, attributes: after });
    return { outcome: "ok" };
  }

  /** Keys of live sessions, sorted. */
  sessionKeys(): string[] {
    return [...this.#keys.keys()].filter((key) => this.#at(key)?.kind === "live").sort();
  }

  #at(key: string): ModelKey | undefined {
    const found = this.#keys.get(key);
    return found !== undefined && found.until > this.now ? found : undefined;
  }

  #live(key: string): ModelLive | { readonly kind: "none"; readonly answer: ModelAnswer } {
    const found = this.#at(key);
    if (found?.kind === "live") return found;
    const inGrace = found?.kind === "moved" && found.graceUntil > this.now;
    return {
      kind: "none",
      answer: inGrace ? { outcome: "moved", movedTo: found.movedTo } : { outcome: "gone" },
    };
  }

  #keep(key: string, lifetime: Lifetime, session: ModelLive): void {
    const { idleMs, absoluteMs = Number.POSITIVE_INFINITY } = lifetime;
    const until = Math.min(this.now + idleMs, session.createdAt + absoluteMs);
    this.#keys.set(key, { ...session, until });
  }
}

export type ModelAttributes = ReadonlyMap<string, string>;

export interface ModelRead {
  readonly attributes: ModelAttributes;
  readonly movedTo: string | undefined;
}

export interface ModelAnswer {
  readonly outcome: string;
  readonly movedTo?: string;
  readonly current?: ModelAttributes;
}

interface ModelLive {
  readonly kind: "live";
  readonly createdAt: number;
  readonly until: number;
  readonly attributes: ModelAttributes;
  readonly seen: ReadonlySet<string>;
}

type ModelKey =
  | ModelLive
  | { readonly kind: "tombstone"; readonly until: number }
  | {
      readonly kind: "moved";
      readonly until: number;
      readonly graceUntil: number;
      readonly movedTo: string;
      readonly attributes: ModelAttributes;
    };

/** Written out here too: a model that took it from the contract would agree with any mistake in it. */
const RENAMED_TOMBSTONE_MS = 60_000;

function changed(before: ModelAttributes, change: AttributeChange): ModelAttributes | null {
  for (const [name, value] of change.expect ?? []) {
    if (before.has(name) ? before.get(name) !== value : value !== null) return null;
  }
  const after = new Map([...before, ...(change.set ?? [])]);
  for (const name of change.remove ?? []) after.delete(name);
  for (const [name, amount] of change.add ?? []) {
    const sum = BigInt(/^-?\d+$/.test(before.get(name) ?? "0") ? (before.get(name) ?? "0") : "1".repeat(20));
    const total = sum + BigInt(amount);
    if (total > BigInt(Number.MAX_SAFE_INTEGER) || total < -BigInt(Number.MAX_SAFE_INTEGER)) return null;
    after.set(name, String(total));
  }
  return after;
}

function conflict(before: ModelAttributes, change: AttributeChange): ModelAnswer {
  const names = [...(change.expect?.keys() ?? []), ...(change.add?.keys() ?? [])];
  return { outcome: "conflict", current: named(before, names) };
}

function named(attributes: ModelAttributes, names: Iterable<string> = []): ModelAttributes {
  const present = [...new Set(names)].filter((name) => attributes.has(name));
  return new Map(present.map((name) => [name, attributes.get(name)!]));
}
