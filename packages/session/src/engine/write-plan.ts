import type { AttributeChange, Attributes } from "../backend.ts";
import { HEADER, PRINCIPAL, storedName } from "./attribute-name.ts";
import { isCounter, isInteger } from "./attribute-slot.ts";
import type { AttributeSlots, SlotChange } from "./attribute-slots.ts";
import { SessionConflictError, SessionTooLargeError } from "./errors.ts";
import type { RecordSeal } from "./key-ring.ts";
import type { ConflictRule, Policy } from "./options.ts";
import type { ValueCodec } from "./value-codec.ts";

/** What becomes of one attribute: it is set to a text, or a counter is added to, or it is removed. */
interface AttributeWrite {
  readonly name: string;
  /** The application removed it, whatever a conflict makes of that. */
  readonly isRemoval: boolean;
  text: string | undefined;
  /** What the backend gets for `text`, sealed and ready. */
  stored: string | undefined;
  amount: number | undefined;
  /** What the store holds now (null: nothing), where the change depends on it. */
  expect: string | null | undefined;
  /** What a conflict made of it. */
  merged: { readonly value: unknown } | undefined;
}

/** The notes of the engine that a write carries: name and value, `null` to remove it. */
export type RecordNotes = (readonly [name: string, value: string | null])[];

/** A character takes at most three bytes of UTF-8. */
const MOST_BYTES_OF_CHARACTER = 3;

/** One write of a session: what its attributes became, sealed and ready, and how a conflict is settled. */
export class WritePlan {
  readonly #policy: Policy;
  readonly #codec: ValueCodec;
  readonly #slots: AttributeSlots;
  readonly #seal: RecordSeal | undefined;
  readonly #notes: RecordNotes;
  readonly #writes: readonly AttributeWrite[];
  #sessionBytes = 0;

  constructor(
    policy: Policy,
    codec: ValueCodec,
    slots: AttributeSlots,
    seal: RecordSeal | undefined,
    notes: RecordNotes,
    changes: readonly SlotChange[] | undefined,
  ) {
    this.#policy = policy;
    this.#codec = codec;
    this.#slots = slots;
    this.#seal = seal;
    this.#notes = notes;
    this.#writes = changes === undefined ? [] : changes.map((change) => this.#plan(change));
    this.#requireSize();
  }

  #plan({ name, to }: SlotChange): AttributeWrite {
    const isCounted = typeof to === "number";
    const text = typeof to === "string" ? to : undefined;
    return {
      name,
      isRemoval: to === null,
      text,
      stored: text === undefined ? undefined : this.#toStored(name, text),
      amount: isCounted ? to : undefined,
      expect: !isCounted && this.#dependsOnStored(name) ? this.#slots.storedValue(name) : undefined,
      merged: undefined,
    };
  }

  /** Write a note of the engine along. */
  note(name: string, value: string | null): void {
    this.#notes.push([name, value]);
  }

  /** For whoever listens. */
  get extent(): { readonly attributes: number; readonly bytes: number } {
    return { attributes: this.#writes.length, bytes: this.#bytes };
  }

  get #bytes(): number {
    let bytes = 0;
    for (const { name, stored } of this.#writes) {
      if (stored !== undefined) bytes += Buffer.byteLength(name) + Buffer.byteLength(stored);
    }
    return bytes;
  }

  /** Of the whole session as it will be stored; 0 where nothing is set, and where it is small for certain. */
  get sessionBytes(): number {
    return this.#sessionBytes;
  }

  /** All attributes of a new session. */
  attributes(): Attributes {
    const attributes = new Map<string, string>();
    for (const [name, note] of this.#notes) if (note !== null) attributes.set(name, note);
    for (const { name, stored, amount } of this.#writes) {
      const value = amount === undefined ? stored : String(amount);
      if (value !== undefined) attributes.set(storedName(name), value);
    }
    return attributes;
  }

  /** The change of a session that is stored. */
  change(): AttributeChange {
    const set = new Map<string, string>();
    const remove: string[] = [];
    let add: Map<string, number> | undefined;
    let expect: Map<string, string | null> | undefined;
    for (const [name, note] of this.#notes) {
      if (note === null) remove.push(name);
      else set.set(name, note);
    }
    for (const write of this.#writes) {
      const name = storedName(write.name);
      if (write.amount !== undefined) add = (add ?? new Map<string, number>()).set(name, write.amount);
      else if (write.stored !== undefined) set.set(name, write.stored);
      else remove.push(name);
      if (write.expect !== undefined)
        expect = (expect ?? new Map<string, string | null>()).set(name, write.expect);
    }
    const change: { -readonly [Part in keyof AttributeChange]: AttributeChange[Part] } = {};
    if (set.size > 0) change.set = set;
    if (remove.length > 0) change.remove = remove;
    if (add !== undefined) change.add = add;
    if (expect !== undefined) change.expect = expect;
    return change;
  }

  /** Settle a conflict by the rules, given what is stored now. Throws {@link SessionConflictError} without a rule. */
  rebase(current: Attributes): string[] {
    const names: string[] = [];
    for (const write of this.#writes) {
      const theirs = current.get(storedName(write.name)) ?? null;
      if (fits(write, theirs)) continue;
      names.push(write.name);
      this.#settle(write, theirs);
    }
    return names;
  }

  #settle(write: AttributeWrite, theirs: string | null): void {
    const { name } = write;
    const rule = this.#policy.rules.get(name);
    if (rule === undefined) throw new SessionConflictError([name]);
    const ours = write.isRemoval ? undefined : this.#slots.sentValue(name);
    const merged = this.#merge(rule, name, theirs, ours);
    const text = this.#codec.stringify(name, merged);
    write.amount = undefined;
    write.expect = theirs;
    write.merged = { value: merged };
    write.text = text;
    write.stored = text === undefined ? undefined : this.#toStored(name, text);
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
    if (isCounter(this.#policy.rules, name) && isInteger(stored)) return Number(stored);
    return this.#codec.parse(this.#codec.toText(storedName(name), stored, this.#seal), 0);
  }

  /** After the write: what was read before is what is stored now. `current`: sums of the counters. */
  applied(current: Attributes): void {
    for (const { name, text, stored, amount, merged } of this.#writes) {
      if (amount !== undefined) {
        const sum = current.get(storedName(name)) ?? String(this.#slots.sentValue(name));
        this.#slots.written(name, sum, sum, { value: Number(sum) });
      } else if (text !== undefined && stored !== undefined) this.#slots.written(name, stored, text, merged);
      else this.#slots.removedFromStore(name, merged !== undefined);
    }
  }

  #toStored(name: string, text: string): string {
    if (isCounter(this.#policy.rules, name) && isInteger(text)) return text;
    return this.#codec.toStored(storedName(name), text, this.#seal);
  }

  #dependsOnStored(name: string): boolean {
    const { rules, onConflict } = this.#policy;
    return (rules.size > 0 && rules.has(name)) || (onConflict === "error" && name !== "cookie");
  }

  #requireSize(): void {
    const { maxBytes, warnBytes } = this.#policy;
    let length = this.#slots.mostStoredLength();
    let isSet = false;
    for (const { name, stored } of this.#writes) {
      if (stored === undefined) continue;
      isSet = true;
      length += name.length + stored.length;
    }
    if (!isSet || length * MOST_BYTES_OF_CHARACTER <= Math.min(maxBytes, warnBytes)) return;
    const rewritten = this.#writes.filter(({ amount }) => amount === undefined).map(({ name }) => name);
    this.#sessionBytes = this.#slots.storedBytes(new Set(rewritten)) + this.#bytes;
    if (this.#sessionBytes > maxBytes) throw new SessionTooLargeError(this.#sessionBytes, maxBytes);
  }
}

/** Whether what is stored now is what a write depends on. */
function fits({ name, amount, expect }: AttributeWrite, theirs: string | null): boolean {
  if (amount === undefined) return expect === undefined || theirs === expect;
  if (theirs === null) return true;
  if (!isInteger(theirs)) return false;
  if (!Number.isSafeInteger(Number(theirs) + amount)) throw new SessionConflictError([name]);
  return true;
}

/** The notes of the engine that a write carries. */
export function recordNotes(header: string | undefined, principal: string | null | undefined): RecordNotes {
  const notes: RecordNotes = [];
  if (header !== undefined) notes.push([HEADER, header]);
  if (principal !== undefined) notes.push([PRINCIPAL, principal]);
  return notes;
}
