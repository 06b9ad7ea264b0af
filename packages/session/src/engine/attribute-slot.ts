import type { ConflictRule } from "./options.ts";

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

/** What was added to a declared counter; `undefined` where it, or what is stored, is no integer. */
export function addedTo({ value, stored }: Slot): number | undefined {
  if (!Number.isSafeInteger(value) || (stored !== undefined && !isInteger(stored))) return undefined;
  return (value as number) - Number(stored ?? 0);
}

export function isCounter(rules: ReadonlyMap<string, ConflictRule>, name: string): boolean {
  // Asked several times of each attribute, and most applications have no rule at all.
  return rules.size > 0 && rules.get(name) === "counter";
}

/** Decimal integers as backends add to them. */
export function isInteger(stored: string): boolean {
  return /^(?:0|-?[1-9][0-9]{0,15})$/.test(stored) && Number.isSafeInteger(Number(stored));
}

/** A primitive that is still what was parsed needs no serialising. An object may have been changed in place. */
export function isSamePrimitive(slot: Slot): boolean {
  if (slot.stored === undefined || !Object.is(slot.value, slot.parsed)) return false;
  return (
    slot.value === null ||
    (typeof slot.value !== "object" && typeof slot.value !== "function" && slot.value !== undefined)
  );
}
