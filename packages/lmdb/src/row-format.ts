import { crc32 } from "node:zlib";
import { DamagedRecordError, NewerRecordError, type Row, type RowBody } from "@unstick/session";

/**
 * A row as bytes:
 *
 * | bytes | what |
 * |---|---|
 * | 0 | format version |
 * | 1–8 | until, milliseconds, as a double (big endian) |
 * | 9–16 | the time under which the expiry index holds the row, likewise |
 * | 17–20 | CRC-32 of bytes 0–8 and of the body |
 * | 21– | the body as JSON |
 *
 * The first 17 bytes are the same in all versions to come, so that any release can sweep what has expired.
 */
const VERSION = 1;
const CHECKSUM_AT = 17;
const BODY_AT = 21;
const BACKEND = "lmdb";
/** Of one writer, the highest: more the contract does not ask for (`WriteToken`). */
const MOST_SEQUENCES = 32;

export interface RowTimes {
  readonly until: number;
  readonly indexedAt: number;
}

export function encodeRow(row: Row, indexedAt: number): Buffer {
  const body = Buffer.from(JSON.stringify(toPlain(row.body)), "utf8");
  const bytes = Buffer.allocUnsafe(BODY_AT + body.length);
  bytes.writeUInt8(VERSION, 0);
  bytes.writeDoubleBE(row.until, 1);
  bytes.writeDoubleBE(indexedAt, 9);
  bytes.writeUInt32BE(checksum(bytes, body), CHECKSUM_AT);
  body.copy(bytes, BODY_AT);
  return bytes;
}

/** The row with another place in the expiry index, of whatever version it is. */
export function withIndexedAt(bytes: Buffer, indexedAt: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeDoubleBE(indexedAt, 9);
  return copy;
}

/** `null` where the bytes are too short to be a row. */
export function rowTimes(bytes: Buffer): RowTimes | null {
  if (bytes.length < CHECKSUM_AT) return null;
  return { until: bytes.readDoubleBE(1), indexedAt: bytes.readDoubleBE(9) };
}

/** @throws {NewerRecordError} | {DamagedRecordError} */
export function decodeRow(bytes: Buffer): Row {
  const version = bytes[0] ?? 0;
  if (version > VERSION) throw new NewerRecordError(BACKEND, version);
  if (version !== VERSION || bytes.length < BODY_AT) throw new DamagedRecordError(BACKEND, "no row format");
  const body = bytes.subarray(BODY_AT);
  if (checksum(bytes, body) !== bytes.readUInt32BE(CHECKSUM_AT)) {
    throw new DamagedRecordError(BACKEND, "its checksum does not fit");
  }
  // What has the right checksum was written by encodeRow.
  return { until: bytes.readDoubleBE(1), body: fromPlain(JSON.parse(body.toString("utf8")) as PlainBody) };
}

/** Without the place in the index, which moves without the row being read. */
function checksum(bytes: Buffer, body: Buffer): number {
  return crc32(body, crc32(bytes.subarray(0, 9)));
}

type Pairs = readonly (readonly [string, string])[];
type Writes = Extract<RowBody, { kind: "live" }>["writes"];
interface PlainParts {
  attributes: Pairs;
  writes: readonly Omit<Writes[number], "count">[];
}
type Plain<B> = B extends unknown
  ? Omit<B, keyof PlainParts> & Pick<PlainParts, keyof B & keyof PlainParts>
  : never;
type PlainBody = Plain<RowBody>;

function toPlain(body: RowBody): PlainBody {
  if (!("attributes" in body)) return body;
  const attributes = [...body.attributes];
  if (!("writes" in body)) return { ...body, attributes };
  const writes = body.writes.map(({ writer, sequences, count }) => ({
    writer,
    sequences: sequences.slice(0, count).slice(-MOST_SEQUENCES),
  }));
  return { ...body, attributes, writes };
}

function fromPlain(body: PlainBody): RowBody {
  if (!("attributes" in body)) return body;
  return { ...body, attributes: new Map(body.attributes) };
}
