import type { SessionKey } from "../backend.ts";
import { NewerRecordError } from "../errors.ts";
import { UndecodableError } from "./errors.ts";
import type { KeyRing, RecordSeal } from "./key-ring.ts";

/** The format of records that this release writes. One that reads a higher number leaves the record alone. */
const FORMAT_VERSION = 1;

/** `1` for a plain record, `1.<key id>.<nonce>.<tag>` for a sealed one. */
export function writeHeader(seal: RecordSeal | undefined, key: SessionKey): string {
  return seal === undefined ? `${FORMAT_VERSION}` : `${FORMAT_VERSION}.${seal.header(key)}`;
}

/**
 * The seal of a stored record, `undefined` when it is plain. Throws {@link UndecodableError} for what is no
 * record of ours, {@link NewerRecordError} for one of a later release.
 */
export function readHeader(
  header: string | undefined,
  key: SessionKey,
  ring: KeyRing | undefined,
  backendName: string,
): RecordSeal | undefined {
  if (header === "1") {
    if (ring !== undefined && !ring.acceptsPlain()) throw new UndecodableError("it is not sealed");
    return undefined;
  }
  const form = /^([1-9][0-9]{0,5})(?:\.([^.]+)\.([^.]+)\.([^.]+))?$/.exec(header ?? "");
  if (form === null)
    throw new UndecodableError(header === undefined ? "it has no header" : "its header is malformed");
  const [, version, keyId, nonce, tag] = form;
  if (Number(version) > FORMAT_VERSION) throw new NewerRecordError(backendName, Number(version));
  if (ring === undefined) throw new UndecodableError("it is sealed, and there is no option encryption");
  return ring.openSeal(keyId!, nonce!, tag!, key);
}
