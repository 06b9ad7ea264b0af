import type { Attributes } from "../backend.ts";
import { attributeName, storedName } from "./attribute-name.ts";
import { UndecodableError } from "./errors.ts";
import type { RecordSeal } from "./key-ring.ts";
import type { ConflictRule } from "./options.ts";
import type { ValueCodec } from "./value-codec.ts";

/** One attribute, between what is stored and what the application holds. */
export interface Slot {
  /** As the backend has it; absent: the backend has none. */
  stored?: string | undefined;
  /** `stored`, opened: what a new text is compared with. */
  text?: string | undefined;
  /** The application's value, valid once `held`. */
  value: unknown;
  /** Whether the application has seen or given the value: only then can it differ. */
  held: boolean;
  /** The value that `stored` stands for, to see at once that a primitive did not change. */
  parsed: unknown;
  /** The value as it was when changes were last asked for: the application may go on while they are written. */
  sent?: unknown;
  removed: boolean;
}

/** What must be written. Names are the application's. */
export interface SlotChange {
  /** Name → new text. */
  readonly set: Map<string, string>;
  readonly remove: string[];
  /** Name → what was added to a counter. */
  readonly add: Map<string, number>;
}

/** The attributes of one session: parsed when first read, compared only when they were. */
export class AttributeSlots {
  readonly #slots = new Map<string, Slot>();
  readonly #codec: ValueCodec;
  readonly #rules: ReadonlyMap<string, ConflictRule>;
  #seal: RecordSeal | undefined;
  readonly #remainingMs: number;

  constructor(codec: ValueCodec, rules: ReadonlyMap<string, ConflictRule>, remainingMs: number) {
    this.#codec = codec;
    this.#rules = rules;
    this.#remainingMs = remainingMs;
  }

  /** Values that are sealed are opened with this. */
  sealWith(seal: RecordSeal | undefined): void {
    this.#seal = seal;
  }

  load(attributes: Attributes): void {
    for (const [stored, value] of attributes) {
      const name = attributeName(stored);
      if (name === undefined) continue;
      this.#slots.set(name, {
        stored: value,
        value: undefined,
        held: false,
        parsed: undefined,
        removed: false,
      });
    }
  }

  *names(): IterableIterator<string> {
    for (const [name, slot] of this.#slots) if (!slot.removed) yield name;
  }

  has(name: string): boolean {
    return this.#slots.get(name)?.removed === false;
  }

  /** Throws {@link UndecodableError} when the stored value cannot be read. */
  get(name: string): unknown {
    const slot = this.#slots.get(name);
    if (slot === undefined || slot.removed) return undefined;
    if (!slot.held) {
      slot.parsed = this.#codec.parse(this.#textOf(name, slot), this.#remainingMs);
      slot.value = slot.parsed;
      slot.held = true;
    }
    return slot.value;
  }

  set(name: string, value: unknown): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) {
      this.#slots.set(name, { value, held: true, parsed: undefined, removed: false });
      return;
    }
    slot.value = value;
    slot.held = true;
    slot.removed = false;
  }

  delete(name: string): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    if (slot.stored === undefined) this.#slots.delete(name);
    else slot.removed = true;
  }

  /** What differs from what is stored, of all attributes or `only` some. Each attribute that was read or given is serialised at most once. */
  changes(only?: readonly string[]): SlotChange {
    const change: SlotChange = { set: new Map(), remove: [], add: new Map() };
    for (const [name, slot] of this.#slots) {
      if (only === undefined || only.includes(name)) this.#addChange(change, name, slot);
    }
    return change;
  }

  #addChange(change: SlotChange, name: string, slot: Slot): void {
    if (slot.removed) {
      if (slot.stored !== undefined) change.remove.push(name);
      return;
    }
    if (!slot.held || isSamePrimitive(slot)) return;
    slot.sent = slot.value;
    if (isCounter(this.#rules, name) && this.#addCounter(change, name, slot)) return;
    const text = this.#codec.stringify(name, slot.value);
    if (text === undefined) {
      if (slot.stored !== undefined) change.remove.push(name);
    } else if (slot.stored === undefined || text !== this.#textOf(name, slot)) {
      change.set.set(name, text);
    }
  }

  /** A declared counter that holds an integer is written as what was added to it. */
  #addCounter(change: SlotChange, name: string, slot: Slot): boolean {
    if (!Number.isSafeInteger(slot.value)) return false;
    const base = slot.stored === undefined ? 0 : Number(slot.stored);
    if (slot.stored !== undefined && !isInteger(slot.stored)) return false;
    const delta = (slot.value as number) - base;
    if (delta !== 0 || slot.stored === undefined) change.add.set(name, delta);
    return true;
  }

  /** What was stored under `name` when the record was read; `null`: nothing. */
  storedValue(name: string): string | null {
    return this.#slots.get(name)?.stored ?? null;
  }

  /** The value both requests of a conflict began from, parsed anew so that a rule may not spoil ours. */
  baseValue(name: string): unknown {
    const slot = this.#slots.get(name);
    if (slot?.stored === undefined) return undefined;
    return this.#codec.parse(this.#textOf(name, slot), this.#remainingMs);
  }

  /** The value that a change was made of. */
  sentValue(name: string): unknown {
    return this.#slots.get(name)?.sent;
  }

  /**
   * The backend now has `stored` under `name`. `merged`: the value it stands for, where a merge or a counter
   * made another of ours; the application sees it unless it went on to change its own.
   */
  written(name: string, stored: string, text: string, merged?: { readonly value: unknown }): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    slot.stored = stored;
    slot.text = text;
    slot.parsed = merged === undefined ? slot.sent : merged.value;
    if (merged === undefined) return;
    if (Object.is(slot.value, slot.sent)) slot.value = merged.value;
    else if (typeof slot.value === "number" && isCounter(this.#rules, name)) {
      slot.value += (merged.value as number) - (slot.sent as number);
    }
  }

  removedFromStore(name: string): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    if (slot.removed || slot.value === undefined) this.#slots.delete(name);
    else slot.stored = undefined;
  }

  /** Bytes of what is stored and stays, by name and value. */
  storedBytes(except: { has(name: string): boolean }): number {
    let bytes = 0;
    for (const [name, slot] of this.#slots) {
      if (slot.stored === undefined || slot.removed || except.has(name)) continue;
      bytes += Buffer.byteLength(storedName(name)) + Buffer.byteLength(slot.stored);
    }
    return bytes;
  }

  /** Every attribute that is stored and sealed (a counter is not), opened. */
  *storedTexts(): IterableIterator<{ name: string; stored: string; text: string }> {
    for (const [name, slot] of this.#slots) {
      if (slot.stored === undefined || (isCounter(this.#rules, name) && isInteger(slot.stored))) continue;
      yield { name, stored: slot.stored, text: this.#textOf(name, slot) };
    }
  }

  /** The stored values were sealed anew; their texts are what they were. */
  resealed(stored: Attributes, seal: RecordSeal | undefined): void {
    this.#seal = seal;
    for (const [name, slot] of this.#slots) slot.stored = stored.get(storedName(name)) ?? slot.stored;
  }

  #textOf(name: string, slot: Slot): string {
    if (slot.stored === undefined) throw new UndecodableError("nothing is stored");
    // A declared counter is added to by the backend, so it is stored plain, encryption or not.
    if (isCounter(this.#rules, name) && isInteger(slot.stored)) return slot.stored;
    slot.text ??= this.#codec.toText(storedName(name), slot.stored, this.#seal);
    return slot.text;
  }
}

function isCounter(rules: ReadonlyMap<string, ConflictRule>, name: string): boolean {
  return rules.get(name) === "counter";
}

/** Decimal integers as backends add to them. */
export function isInteger(stored: string): boolean {
  return /^(?:0|-?[1-9][0-9]{0,15})$/.test(stored) && Number.isSafeInteger(Number(stored));
}

/** A primitive that is still what was parsed needs no serialising. An object may have been changed in place. */
function isSamePrimitive(slot: Slot): boolean {
  if (slot.stored === undefined || !Object.is(slot.value, slot.parsed)) return false;
  return (
    slot.value === null ||
    (typeof slot.value !== "object" && typeof slot.value !== "function" && slot.value !== undefined)
  );
}
