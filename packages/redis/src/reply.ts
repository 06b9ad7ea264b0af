import { attributeName } from "./record.ts";

/** Text of a reply, whether the client decodes to strings or to bytes. */
export function replyText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString();
  return String(value);
}

export function replyList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError("the reply is no array");
}

/** A number of a reply; some clients are set to give numbers as text or as bigint. */
export function replyNumber(value: unknown): number {
  const number = typeof value === "number" ? value : Number(replyText(value));
  if (Number.isSafeInteger(number)) return number;
  throw new TypeError("the reply is no integer");
}

/** Name, value, name, value, … of attributes, as the record names its fields. */
export function replyAttributes(value: unknown): Map<string, string> {
  const list = replyList(value);
  const attributes = new Map<string, string>();
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = attributeName(replyText(list[at]));
    if (name !== undefined) attributes.set(name, replyText(list[at + 1]));
  }
  return attributes;
}
