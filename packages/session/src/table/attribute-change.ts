import type { AttributeChange, Attributes } from "../backend.ts";
import { AttributeList } from "./attribute-list.ts";

const DECIMAL_INTEGER = /^(?:0|-?[1-9]\d*)$/;
const NONE: Attributes = new Map();

export type ChangedAttributes =
  | { readonly fits: true; readonly attributes: Attributes; readonly current: Attributes }
  | { readonly fits: false; readonly current: Attributes };

/** What a change makes of the attributes, or the values now where `expect` or `add` does not fit. */
export function changeAttributes(before: Attributes, change: AttributeChange): ChangedAttributes {
  const { set, add, expect, remove } = change;
  const sums = add === undefined ? NONE : addIntegers(before, add);
  if (sums === null || (expect !== undefined && !isExpected(before, expect))) {
    return { fits: false, current: valuesNow(before, change) };
  }
  let attributes = AttributeList.of(before);
  if (remove !== undefined) attributes = attributes.without(remove);
  if (set !== undefined) attributes = attributes.with(set);
  return { fits: true, attributes: attributes.with(sums), current: sums };
}

/** The values of the attributes that `expect` and `add` name, those that exist. */
export function valuesNow(
  attributes: Attributes,
  change: Pick<AttributeChange, "add" | "expect">,
): Attributes {
  const current = new Map<string, string>();
  for (const name of [...(change.expect?.keys() ?? []), ...(change.add?.keys() ?? [])]) {
    const value = attributes.get(name);
    if (value !== undefined) current.set(name, value);
  }
  return current;
}

function isExpected(attributes: Attributes, expected: ReadonlyMap<string, string | null>): boolean {
  for (const [name, value] of expected) {
    if ((attributes.get(name) ?? null) !== value) return false;
  }
  return true;
}

function addIntegers(before: Attributes, amounts: ReadonlyMap<string, number>): Attributes | null {
  const sums = new Map<string, string>();
  for (const [name, amount] of amounts) {
    const text = before.get(name) ?? "0";
    const value = DECIMAL_INTEGER.test(text) ? Number(text) : Number.NaN;
    // The sum of two safe integers is exact wherever it is safe itself.
    if (!Number.isSafeInteger(value) || !Number.isSafeInteger(value + amount)) return null;
    sums.set(name, String(value + amount));
  }
  return sums;
}
