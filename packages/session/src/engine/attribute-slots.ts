import type { Attributes } from "../backend.ts";
import { attributeName, storedName } from "./attribute-name.ts";
import { addedTo, isCounter, isInteger, isSamePrimitive, type Slot } from "./attribute-slot.ts";
import { UndecodableError } from "./errors.ts";
import type { RecordSeal } from "./key-ring.ts";
import type { ConflictRule } from "./options.ts";
import type { ValueCodec } from "./value-codec.ts";

/** One attribute that differs from what is stored. Its name is the application's. */
export interface SlotChange {
  readonly name: string;
  /** A new text; a number: what was added to a counter; null: the attribute is removed. */
  readonly to: string | number | null;
}

const NONE: Attributes = new Map();

/** The attributes of one session: parsed when first read, compared only when they were. */
export class AttributeSlots {
  /** As the record was read; of what has a slot, the slot tells. */
  #read: Attributes = NONE;
  /** Of the attributes that were read or given. */
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

  sealWith(seal: RecordSeal | undefined): void {
    this.#seal = seal;
  }

  load(attributes: Attributes): void {
    this.#read = attributes;
  }

  *names(): IterableIterator<string> {
    for (const stored of this.#read.keys()) {
      const name = attributeName(stored);
      if (name !== undefined && this.#slots.get(name)?.removed !== true) yield name;
    }
    for (const [name, slot] of this.#slots) if (!slot.removed && !this.#wasRead(name)) yield name;
  }

  has(name: string): boolean {
    const slot = this.#slots.get(name);
    return slot === undefined ? this.#wasRead(name) : !slot.removed;
  }

  #wasRead(name: string): boolean {
    return this.#read.has(storedName(name));
  }

  #slotOf(name: string): Slot | undefined {
    const slot = this.#slots.get(name);
    if (slot !== undefined) return slot;
    const stored = this.#read.get(storedName(name));
    return stored === undefined ? undefined : this.#add(name, stored);
  }

  #add(name: string, stored: string | undefined): Slot {
    const slot: Slot = {
      stored,
      text: undefined,
      value: undefined,
      held: false,
      parsed: undefined,
      sent: undefined,
      removed: false,
    };
    this.#slots.set(name, slot);
    return slot;
  }

  /** Throws {@link UndecodableError} when the stored value cannot be read. */
  get(name: string): unknown {
    const slot = this.#slotOf(name);
    if (slot === undefined || slot.removed) return undefined;
    if (!slot.held) {
      slot.parsed = this.#codec.parse(this.#textOf(name, slot), this.#remainingMs);
      slot.value = slot.parsed;
      slot.held = true;
    }
    return slot.value;
  }

  set(name: string, value: unknown): void {
    const slot = this.#slotOf(name) ?? this.#add(name, undefined);
    slot.value = value;
    slot.held = true;
    slot.removed = false;
  }

  delete(name: string): void {
    const slot = this.#slotOf(name);
    if (slot === undefined) return;
    if (slot.stored === undefined && !this.#wasRead(name)) this.#slots.delete(name);
    else slot.removed = true;
  }

  /** Forgets what the application did since: the attributes are what is stored. */
  reset(): void {
    for (const [name, slot] of this.#slots) {
      Object.assign(slot, { value: undefined, parsed: undefined, held: false });
      slot.removed = slot.stored === undefined;
      if (slot.removed && !this.#wasRead(name)) this.#slots.delete(name);
    }
  }

  /**
   * What differs from what is stored, of all attributes or `only` some; `undefined`: nothing does. Each attribute
   * that was read or given is serialised at most once.
   */
  changes(only?: readonly string[]): SlotChange[] | undefined {
    let changes: SlotChange[] | undefined;
    for (const [name, slot] of this.#slots) {
      if (only !== undefined && !only.includes(name)) continue;
      const to = this.#difference(name, slot);
      if (to === undefined) continue;
      // An array that is pushed to when it is empty makes room for seventeen.
      if (changes === undefined) changes = [{ name, to }];
      else changes.push({ name, to });
    }
    return changes;
  }

  /** As {@link SlotChange}; `undefined`: no difference. */
  #difference(name: string, slot: Slot): string | number | null | undefined {
    if (slot.removed) {
      slot.sent = undefined;
      return slot.stored === undefined ? undefined : null;
    }
    if (!slot.held || isSamePrimitive(slot)) return undefined;
    slot.sent = slot.value;
    const added = isCounter(this.#rules, name) ? addedTo(slot) : undefined;
    if (added !== undefined) return added === 0 && slot.stored !== undefined ? undefined : added;
    const text = this.#codec.stringify(name, slot.value);
    if (text === undefined) return slot.stored === undefined ? undefined : null;
    return slot.stored !== undefined && text === this.#textOf(name, slot) ? undefined : text;
  }

  /** `null`: nothing is stored. */
  storedValue(name: string): string | null {
    const slot = this.#slots.get(name);
    return (slot === undefined ? this.#read.get(storedName(name)) : slot.stored) ?? null;
  }

  /** The value both requests of a conflict began from, parsed anew so that a rule may not spoil ours. */
  baseValue(name: string): unknown {
    const slot = this.#slotOf(name);
    if (slot?.stored === undefined) return undefined;
    return this.#codec.parse(this.#textOf(name, slot), this.#remainingMs);
  }

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
    if (slot.removed) {
      if (slot.sent === undefined) this.set(name, merged.value);
    } else if (Object.is(slot.value, slot.sent)) slot.value = merged.value;
    else if (typeof slot.value === "number" && isCounter(this.#rules, name)) {
      slot.value += (merged.value as number) - (slot.sent as number);
    }
  }

  /** The backend has none under `name` any more. `isMerged`: a merge made that of a value of ours. */
  removedFromStore(name: string, isMerged: boolean): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    slot.stored = undefined;
    slot.text = undefined;
    if (slot.value === undefined || (isMerged && Object.is(slot.value, slot.sent))) slot.removed = true;
    // Where the record as it was read still has it, the slot tells that it is gone.
    if (slot.removed && !this.#wasRead(name)) this.#slots.delete(name);
  }

  /** Not more characters are stored than this, names and values: an upper bound that is found quickly. */
  mostStoredLength(): number {
    let length = 0;
    // By keys: of entries each would be a list of its own.
    for (const key of this.#read.keys()) length += key.length + (this.#read.get(key)?.length ?? 0);
    for (const [name, { stored }] of this.#slots) length += name.length + 2 + (stored?.length ?? 0);
    return length;
  }

  /** Bytes of what is stored and stays, by name and value. */
  storedBytes(except: { has(name: string): boolean }): number {
    let bytes = 0;
    for (const [key, stored] of this.#read) {
      const name = attributeName(key);
      if (name === undefined || this.#slots.has(name) || except.has(name)) continue;
      bytes += Buffer.byteLength(key) + Buffer.byteLength(stored);
    }
    for (const [name, { stored, removed }] of this.#slots) {
      if (stored === undefined || removed || except.has(name)) continue;
      bytes += Buffer.byteLength(storedName(name)) + Buffer.byteLength(stored);
    }
    return bytes;
  }

  /** Every attribute that the backend has, as it has it. */
  *#stored(): IterableIterator<{ name: string; stored: string }> {
    for (const [key, stored] of this.#read) {
      const name = attributeName(key);
      if (name !== undefined && !this.#slots.has(name)) yield { name, stored };
    }
    for (const [name, { stored }] of this.#slots) if (stored !== undefined) yield { name, stored };
  }

  /** Every attribute that is stored and sealed (a counter is not), opened. */
  *storedTexts(): IterableIterator<{ name: string; stored: string; text: string }> {
    for (const { name, stored } of [...this.#stored()]) {
      if (isCounter(this.#rules, name) && isInteger(stored)) continue;
      yield { name, stored, text: this.#textOf(name, this.#slotOf(name) as Slot) };
    }
  }

  /** The stored values were sealed anew; their texts are what they were. */
  resealed(stored: Attributes, seal: RecordSeal | undefined): void {
    this.#seal = seal;
    this.#read = new Map([...this.#read, ...stored]);
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
