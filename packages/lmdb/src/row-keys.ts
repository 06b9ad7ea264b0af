import { BackendError } from "@unstick/session";

/** LMDB's limit is 1,978 bytes; the expiry index puts 8 bytes of time before the row's key. */
const MAX_KEY_BYTES = 1_970;

export interface RowKeys {
  of(group: string, key: string): Buffer;
  nameOf(group: string, key: Buffer): string;
  /** From the first to behind the last key of a group that starts with `prefix`. */
  range(group: string, prefix: string): { readonly start: Buffer; readonly end: Buffer };
}

/** `<prefix> NUL <group> NUL <key>`. Neither a prefix nor a group has a NUL, so no two of them meet. */
export function rowKeys(prefix: string): RowKeys {
  const of = (group: string, key: string): Buffer => {
    const bytes = Buffer.from(`${prefix}\0${group}\0${key}`, "utf8");
    if (bytes.length <= MAX_KEY_BYTES) return bytes;
    const rule = `a key of ${Buffer.byteLength(key)} bytes is too long; hash it, or keep it under 512 characters`;
    throw new BackendError("lmdb", "call", rule);
  };
  return {
    of,
    nameOf: (group, key) => key.toString("utf8", Buffer.byteLength(`${prefix}\0${group}\0`)),
    range: (group, start) => ({ start: of(group, start), end: Buffer.concat([of(group, start), BEHIND]) }),
  };
}

/** No UTF-8 text holds this byte, so it sorts behind every key with the same beginning. */
const BEHIND = Buffer.of(0xff);
