import type { AttributeChange, Attributes } from "../backend.ts";
import { HEADER, PRINCIPAL, storedName } from "./attribute-name.ts";
import { isInteger } from "./attribute-slot.ts";
import type { AttributeSlots, SlotChange } from "./attribute-slots.ts";
import { SessionConflictError, SessionTooLargeError } from "./errors.ts";
import type { RecordSeal } from "./key-ring.ts";
import type { ConflictRule, Policy } from "./options.ts";
import type { ValueCodec } from "./value-codec.ts";

/** One write of a session: what its attributes became, sealed and ready, and how a conflict is settled. */
export class WritePlan {
  readonly #policy: Policy;
  readonly #codec: ValueCodec;
  readonly #slots: AttributeSlots;
  readonly #change: SlotChange;
  readonly #seal: RecordSeal | undefined;
  /** Notes of the engine that are written along: header, principal. */
  readonly #notes: Map<string, string | null>;
  readonly #stored = new Map<string, string>();
  /** What the store holds now of attributes whose change depends on it. */
  readonly #expect = new Map<string, string | null>();
  readonly #merged = new Map<string, unknown>();
  #sessionBytes = 0;

  constructor(
    policy: Policy,
    codec: ValueCodec,
    slots: AttributeSlots,
    seal: RecordSeal | undefined,
    notes: Map<string, string | null>,
    change: SlotChange | undefined,
  ) {
    this.#policy = policy;
    this.#codec = codec;
    this.#slots = slots;
    this.#seal = seal;
    this.#notes = notes;
    this.#change = change ?? { set: new Map(), remove: [], add: new Map() };
    for (const [name, text] of this.#change.set) this.#stored.set(name, this.#toStored(name, text));
    for (const name of [...this.#change.set.keys(), ...this.#change.remove]) {
      if (this.#dependsOnStored(name)) this.#expect.set(name, slots.storedValue(name));
    }
    this.#requireSize();
  }

  /** Write a note of the engine along. */
  note(name: string, value: string | null): void {
    this.#notes.set(name, value);
  }

  get attributeCount(): number {
    return this.#change.set.size + this.#change.remove.length + this.#change.add.size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const [name, stored] of this.#stored) bytes += Buffer.byteLength(name) + Buffer.byteLength(stored);
    return bytes;
  }

  /** Of the whole session as it will be stored; 0 where nothing is set. */
  get sessionBytes(): number {
    return this.#sessionBytes;
  }

  /** All attributes of a new session. */
  attributes(): Attributes {
    const attributes = new Map<string, string>();
    for (const [name, note] of this.#notes) if (note !== null) attributes.set(name, note);
    for (const [name, stored] of this.#stored) attributes.set(storedName(name), stored);
    for (const [name, amount] of this.#change.add) attributes.set(storedName(name), String(amount));
    return attributes;
  }

  /** The change of a session that is stored. */
  change(): AttributeChange {
    const set = new Map<string, string>();
    const remove = this.#change.remove.map(storedName);
    for (const [name, note] of this.#notes) {
      if (note === null) remove.push(name);
      else set.set(name, note);
    }
    for (const [name, stored] of this.#stored) set.set(storedName(name), stored);
    const add = new Map([...this.#change.add].map(([name, amount]) => [storedName(name), amount]));
    const expect = new Map([...this.#expect].map(([name, stored]) => [storedName(name), stored]));
    return {
      ...(set.size > 0 && { set }),
      ...(remove.length > 0 && { remove }),
      ...(add.size > 0 && { add }),
      ...(expect.size > 0 && { expect }),
    };
  }

  /** Settle a conflict by the rules, given what is stored now. Throws {@link SessionConflictError} without a rule. */
  rebase(current: Attributes): string[] {
    const names: string[] = [];
    for (const name of new Set([...this.#expect.keys(), ...this.#change.add.keys()])) {
      const theirs = current.get(storedName(name)) ?? null;
      if (this.#fits(name, theirs)) continue;
      names.push(name);
      this.#settle(name, theirs);
    }
    return names;
  }

  #fits(name: string, theirs: string | null): boolean {
    const amount = this.#change.add.get(name);
    if (amount === undefined) return theirs === this.#expect.get(name);
    if (theirs === null) return true;
    if (!isInteger(theirs)) return false;
    if (!Number.isSafeInteger(Number(theirs) + amount)) throw new SessionConflictError([name]);
    return true;
  }

  #settle(name: string, theirs: string | null): void {
    const rule = this.#policy.rules.get(name);
    if (rule === undefined) throw new SessionConflictError([name]);
    const ours = this.#change.remove.includes(name) ? undefined : this.#slots.sentValue(name);
    const merged = this.#merge(rule, name, theirs, ours);
    const text = this.#codec.stringify(name, merged);
    this.#change.add.delete(name);
    this.#expect.set(name, theirs);
    this.#merged.set(name, merged);
    const removal = this.#change.remove.indexOf(name);
    if (removal >= 0) this.#change.remove.splice(removal, 1);
    if (text === undefined) {
      this.#stored.delete(name);
      this.#change.set.delete(name);
      this.#change.remove.push(name);
      return;
    }
    this.#change.set.set(name, text);
    this.#stored.set(name, this.#toStored(name, text));
    this.#requireSize();
  }

  #merge(rule: ConflictRule, name: string, theirs: string | null, ours: unknown): unknown {
    const theirValue = theirs === null ? undefined : this.#parse(name, theirs);
    const base = this.#slots.baseValue(name);
    if (rule !== "counter") return rule(base, theirValue, ours);
    if (typeof theirValue !== "number" || typeof ours !== "number") return ours;
    return theirValue + ours - (typeof base === "number" ? base : 0);
  }

  #parse(name: string, stored: string): unknown {
    if (this.#policy.rules.get(name) === "counter" && isInteger(stored)) return Number(stored);
    return this.#codec.parse(this.#codec.toText(storedName(name), stored, this.#seal), 0);
  }

  /** After the write: what was read before is what is stored now. `current`: sums of the counters. */
  applied(current: Attributes): void {
    for (const [name, stored] of this.#stored) {
      const merged = this.#merged.has(name) ? { value: this.#merged.get(name) } : undefined;
      this.#slots.written(name, stored, this.#change.set.get(name)!, merged);
    }
    for (const name of this.#change.remove) this.#slots.removedFromStore(name);
    for (const name of this.#change.add.keys()) {
      const sum = current.get(storedName(name)) ?? String(this.#slots.sentValue(name));
      this.#slots.written(name, sum, sum, { value: Number(sum) });
    }
  }

  #toStored(name: string, text: string): string {
    if (this.#policy.rules.get(name) === "counter" && isInteger(text)) return text;
    return this.#codec.toStored(storedName(name), text, this.#seal);
  }

  #dependsOnStored(name: string): boolean {
    return this.#policy.rules.has(name) || (this.#policy.onConflict === "error" && name !== "cookie");
  }

  #requireSize(): void {
    if (this.#stored.size === 0) return;
    const rewritten = { has: (name: string) => this.#stored.has(name) || this.#change.remove.includes(name) };
    this.#sessionBytes = this.#slots.storedBytes(rewritten) + this.bytes;
    if (this.#sessionBytes > this.#policy.maxBytes) {
      throw new SessionTooLargeError(this.#sessionBytes, this.#policy.maxBytes);
    }
  }
}

/** The notes of the engine that a write carries. */
export function recordNotes(
  header: string | undefined,
  principal: string | null | undefined,
): Map<string, string | null> {
  const notes = new Map<string, string | null>();
  if (header !== undefined) notes.set(HEADER, header);
  if (principal !== undefined) notes.set(PRINCIPAL, principal);
  return notes;
}
