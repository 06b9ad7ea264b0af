const [TAB, SPACE, SEMICOLON, EQUALS] = [0x09, 0x20, 0x3b, 0x3d];

/** How many cookies of one name are looked at: a neighbouring domain can plant some, not all day long. */
const MOST_VALUES = 8;

/**
 * The values of the cookies called `name`, in the order of the `Cookie` header, at most eight. Names of
 * neighbouring domains and paths may repeat and their order tells nothing (RFC 6265bis section 5.8.3), so the
 * caller tries each. Values are given as they stand, without surrounding quotes. Linear in the header.
 */
export function readCookies(header: string | undefined, name: string): readonly string[] {
  const found: Found = { values: NONE, signatures: undefined };
  if (header !== undefined) readInto(found, header, name);
  return found.values;
}

/** What Keygrip puts behind the name of a cookie for the one that holds its signature. */
const SIGNATURE_SUFFIX = ".sig";

export function signatureNameOf(name: string): string {
  return name + SIGNATURE_SUFFIX;
}

/** {@link readCookies} of `name` and of its signatures, read in one go. */
export interface SignedCookies {
  readonly values: readonly string[];
  readonly signatures: readonly string[];
}

export function readSignedCookies(header: string, name: string): SignedCookies {
  const found = { values: NONE, signatures: NONE };
  readInto(found, header, name);
  return found;
}

interface Found {
  values: readonly string[];
  /** `undefined`: they are not looked for. */
  signatures: readonly string[] | undefined;
}

const NONE: readonly string[] = [];

function readInto(found: Found, header: string, name: string): void {
  for (let start = header.indexOf(name); start !== -1 && !isFull(found); ) {
    let at = start + name.length;
    const isSignature = found.signatures !== undefined && header.startsWith(SIGNATURE_SUFFIX, at);
    if (isSignature) at += SIGNATURE_SUFFIX.length;
    if (header.charCodeAt(at) === EQUALS && isPairStart(header, start)) {
      const end = pairEnd(header, at + 1);
      const value = unquote(header.slice(at + 1, end).trim());
      if (isSignature) found.signatures = withOneMore(found.signatures ?? NONE, value);
      else found.values = withOneMore(found.values, value);
      at = end;
    }
    start = header.indexOf(name, at);
  }
}

/** Whether all is found that is looked at, so that no header is read on for nothing. */
function isFull({ values, signatures }: Found): boolean {
  return values.length === MOST_VALUES && (signatures === undefined || signatures.length === MOST_VALUES);
}

/** Most lists have one. An array that is pushed to when it is empty makes room for seventeen. */
function withOneMore(values: readonly string[], value: string): readonly string[] {
  if (values.length === 0) return [value];
  return values.length < MOST_VALUES ? [...values, value] : values;
}

/** A pair begins the header or follows `;` and blanks. */
function isPairStart(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before -= 1;
  return before < 0 || header.charCodeAt(before) === SEMICOLON;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function pairEnd(header: string, from: number): number {
  const end = header.indexOf(";", from);
  return end === -1 ? header.length : end;
}

function unquote(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** Percent-decoding that leaves alone what is not percent-encoded text. */
export function decodeValue(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
