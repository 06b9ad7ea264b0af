import { createCipheriv, createDecipheriv, createHash, randomBytes, randomUUID } from "node:crypto";

/** One remembered choice: what of whom (a target within its group, or a group), until when. */
export interface Pin {
  /** Name of the group the choice was made in. */
  readonly scope: string;
  /** Id of the chosen target, or name of the chosen group. */
  readonly choice: string;
  readonly routedAtMs: number;
  /** The configured duration when it was made. [D] ALB enforces it itself, from inside the cookie. */
  readonly durationMs: number;
}

/** What a sealed value says. Names are kept as digests, as the value has room for a fixed number of bytes only. */
export interface SealedPin {
  readonly scope: string;
  readonly choice: string;
  readonly endsAtMs: number;
}

export interface SealedContent {
  /** Follows the client through every renewal; shown on the status page in place of any cookie value. */
  readonly label: string;
  readonly pins: readonly SealedPin[];
}

/**
 * How long a value of each cookie is. [O] AWSALBAPP: 8 zero bytes, then 98 for one group and 53 for each further one;
 * AWSALB 93 bytes; AWSALBTG about 131.
 */
const shapes = {
  AWSALBAPP: { zeros: 8, head: 17, entry: 53 },
  AWSALB: { zeros: 0, head: 12, entry: 53 },
  AWSALBTG: { zeros: 0, head: 50, entry: 53 },
  AWSELB: { zeros: 0, head: 12, entry: 53 },
} as const;

export type SealedKind = keyof typeof shapes;

const nonceBytes = 12;
const tagBytes = 16;
const labelBytes = 3;
const digestBytes = 16;

/** The name under which targets and groups are found in a sealed value. */
export function digestOf(name: string): string {
  return createHash("sha256")
    .update(name)
    .digest("hex")
    .slice(0, digestBytes * 2);
}

/** UUIDs come out of a pool of random bytes: a label for every request costs no system call. */
export function newLabel(): string {
  return randomUUID().slice(0, labelBytes * 2);
}

/** AES-256-GCM, a fresh nonce each time: [O] the value differs on every response. */
export function seal(
  key: Buffer,
  kind: SealedKind,
  label: string,
  pins: readonly (Pin | SealedPin)[],
): Buffer {
  const shape = shapes[kind];
  const head = Buffer.alloc(shape.head);
  head.write(label, "hex");
  const plain = Buffer.concat([head, ...pins.map((pin) => writePin(pin, shape.entry))]);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(kind));
  const secret = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.alloc(shape.zeros), nonce, secret, cipher.getAuthTag()]);
}

/** What {@link seal} put in, or null for whatever was not sealed with this key for this cookie. Never throws. */
export function unseal(key: Buffer, kind: SealedKind, value: Buffer): SealedContent | null {
  const shape = shapes[kind];
  const body = value.subarray(shape.zeros);
  if (body.length < nonceBytes + shape.head + tagBytes) return null;
  const decipher = createDecipheriv("aes-256-gcm", key, body.subarray(0, nonceBytes))
    .setAAD(Buffer.from(kind))
    .setAuthTag(body.subarray(-tagBytes));
  const plain = decipher.update(body.subarray(nonceBytes, -tagBytes));
  try {
    decipher.final();
  } catch {
    return null;
  }
  const pins: SealedPin[] = [];
  for (let at = shape.head; at < plain.length; at += shape.entry) pins.push(readPin(plain.subarray(at)));
  return { label: plain.toString("hex", 0, labelBytes), pins };
}

function writePin(pin: Pin | SealedPin, length: number): Buffer {
  const entry = Buffer.alloc(length);
  const isNew = "routedAtMs" in pin;
  entry.write(isNew ? digestOf(pin.scope) : pin.scope, 0, "hex");
  entry.write(isNew ? digestOf(pin.choice) : pin.choice, digestBytes, "hex");
  const endsAtMs = isNew ? pin.routedAtMs + pin.durationMs : pin.endsAtMs;
  entry.writeDoubleBE(endsAtMs, digestBytes * 2);
  return entry;
}

function readPin(entry: Buffer): SealedPin {
  return {
    scope: entry.toString("hex", 0, digestBytes),
    choice: entry.toString("hex", digestBytes, digestBytes * 2),
    endsAtMs: entry.readDoubleBE(digestBytes * 2),
  };
}
