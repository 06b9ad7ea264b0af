/** What a header says; `newer` where a later release wrote it, `undefined` where it is broken. */
export type Header =
  | { readonly kind: "live" | "frozen"; readonly createdMs: number; readonly untilMs: number }
  | { readonly kind: "moved"; readonly createdMs: number; readonly untilMs: number; readonly to: string }
  | { readonly kind: "tombstone" }
  | { readonly kind: "given" }
  | { readonly kind: "newer"; readonly version: number };

/** The field that an attribute is stored in: `lua/record.ts` keeps the empty name, and names that begin with U+0001. */
export function fieldName(attribute: string): string {
  return attribute.charCodeAt(0) < 2 ? `\0${attribute}` : attribute;
}

/** The attribute of a field; `undefined` for a field that is none. */
export function attributeName(field: string): string | undefined {
  const first = field.charCodeAt(0);
  if (first > 1) return field;
  return first === 0 ? field.slice(1) : undefined;
}

const DIGITS = /^\d+$/;

/** Read a header, as `judge` of `lua/record.ts` does. */
export function readHeader(header: string): Header | undefined {
  const version = header.charCodeAt(0) - 64;
  if (!(version >= 1) || version + header.charCodeAt(1) !== 126) return undefined;
  if (version > 1) return { kind: "newer", version };
  const kind = header[2];
  if (!DIGITS.test(kind === "M" ? header.slice(3, 29) : header.slice(3))) return undefined;
  const createdMs = Number(header.slice(3, 16));
  const untilMs = Number(header.slice(16, 29));
  const isLong = header.length === 29 || header.length === 41;
  if (kind === "L" && isLong) return { kind: "live", createdMs, untilMs };
  if (kind === "T" && header.length === 16) return { kind: "tombstone" };
  if (kind === "M" && header.length > 29) return { kind: "moved", createdMs, untilMs, to: header.slice(29) };
  if (kind === "F" && isLong) return { kind: "frozen", createdMs, untilMs };
  if (kind === "G" && header.length === 16) return { kind: "given" };
  return undefined;
}
