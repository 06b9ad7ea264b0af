/**
 * How one attribute's value becomes text. Called per attribute, synchronously, because an attribute is
 * parsed when it is first read. `undefined` from `stringify` means: there is no such attribute.
 */
export interface Serializer {
  stringify(value: unknown): string | Uint8Array | undefined;
  /** Given what `stringify` returned. Throws when it cannot be read: the record is then damaged. */
  parse(serialized: string | Uint8Array): unknown;
}

/** What express-session, connect-redis and koa-session do: a Date comes back as a string, `undefined` is dropped. */
export const jsonSerializer: Serializer = {
  stringify: (value) => (Number.isSafeInteger(value) ? String(value) : JSON.stringify(value)),
  parse: (serialized) => {
    const text = requireText(serialized);
    return readInteger(text) ?? JSON.parse(text);
  },
};

/** Of a text of few digits, as counters have it; `undefined`: JSON is to read it. */
function readInteger(text: string): number | undefined {
  if (text.length > 9) return undefined;
  const value = Number(text);
  return String(value) === text && Number.isInteger(value) ? value : undefined;
}

/** Neither of these two stores bytes: what says that it is bytes is damaged, though JSON.parse may take their digits. */
function requireText(serialized: string | Uint8Array): string {
  if (typeof serialized !== "string") throw new SyntaxError("bytes where text is stored");
  return serialized;
}

/**
 * JSON in which Date, Map, Set, bigint, Uint8Array, undefined, NaN and the infinities come back as what they
 * were. Nothing is instantiated by a name found in the data.
 */
export const typedJsonSerializer: Serializer = {
  stringify: (value) => (value === undefined ? undefined : JSON.stringify(tag(value))),
  parse: (text) => untag(JSON.parse(requireText(text))),
};

/** A tagged value is an object with this one key; an object of the application that has it is tagged itself. */
const TAG = "$type";

function tag(value: unknown): unknown {
  switch (typeof value) {
    case "bigint":
      return { [TAG]: ["bigint", value.toString()] };
    case "undefined":
      return { [TAG]: ["undefined"] };
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { [TAG]: ["number", Object.is(value, -0) ? "-0" : String(value)] };
    case "object":
      return value === null ? null : tagObject(value);
    default:
      return value;
  }
}

function tagObject(value: object): unknown {
  if (Array.isArray(value)) return Array.from(value, tag);
  if (value instanceof Date)
    return { [TAG]: ["date", Number.isNaN(value.getTime()) ? null : value.getTime()] };
  if (value instanceof Map) return { [TAG]: ["map", Array.from(value, ([k, v]) => [tag(k), tag(v)])] };
  if (value instanceof Set) return { [TAG]: ["set", Array.from(value, tag)] };
  if (value instanceof Uint8Array) return { [TAG]: ["bytes", Buffer.from(value).toString("base64url")] };
  if (hasToJson(value)) return tag(value.toJSON());
  const tagged = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, tag(v)]));
  return Object.hasOwn(value, TAG) ? { [TAG]: ["object", tagged] } : tagged;
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return "toJSON" in value && typeof value.toJSON === "function";
}

function untag(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(untag);
  if (!Object.hasOwn(value, TAG)) return untagEntries(value);
  const [type, content] = (value as Record<string, [string, never?]>)[TAG]!;
  const restore = Object.hasOwn(RESTORE, type) ? RESTORE[type] : undefined;
  if (restore === undefined) throw new SyntaxError(`unknown type ${JSON.stringify(type)} in typed JSON`);
  return restore(content as never);
}

function untagEntries(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, untag(v)]));
}

const RESTORE: Record<string, (content: never) => unknown> = {
  bigint: (text: string) => BigInt(text),
  undefined: () => undefined,
  number: (text: string) => Number(text),
  date: (time: number | null) => new Date(time ?? Number.NaN),
  map: (entries: [unknown, unknown][]) => new Map(entries.map(([k, v]) => [untag(k), untag(v)])),
  set: (values: unknown[]) => new Set(values.map(untag)),
  bytes: (text: string) => new Uint8Array(Buffer.from(text, "base64url")),
  object: (content: object) => untagEntries(content),
};
