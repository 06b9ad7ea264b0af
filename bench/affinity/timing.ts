import { randomBytes } from "node:crypto";
import { decide, readOptions } from "@unstick/affinity";

/**
 * Whether the time that a forged cookie takes tells how much of its signature was right: first character wrong
 * against last character wrong, Welch's t over many short batches in random order (the method of Reparaz, Balasch
 * and Verbauwhede, "dude, is my code constant time?"). The controls are leaks that the method must find in the same
 * run; a measure that does not see them says nothing about the rest.
 */
export interface TimingRow {
  readonly subject: string;
  readonly t: number;
  readonly isWanted: boolean;
}

interface Subject {
  readonly name: string;
  readonly callsABatch: number;
  readonly isLeak: boolean;
  readonly call: (guess: string) => unknown;
  /** Of each class, many strings of the same content at different addresses. */
  readonly guesses: readonly [first: readonly string[], last: readonly string[]];
}

/** Beyond this a leak is certain, by the method's authors. */
const leakBound = 4.5;
/** What a control must reach. */
const controlBound = 100;
const copies = 64;
/** Slow batches are the machine's doing, in either class alike: the slowest tenth is left out. */
const keptShare = 0.9;

const input = { now: 1_800_000_000_000, random: new Uint8Array(12), instance: "a", draining: false };
const config = readOptions({ name: "APP", secret: "a secret of thirty-two bytes, no?" });
const good = `APP=${decide({ ...input, cookieHeader: undefined }, config).value}`;
const signature = good.slice(-43);

export function measureTiming(batches: number): TimingRow[] {
  const ofSignature = bothClasses(signature, 0);
  const subjects: readonly Subject[] = [
    {
      name: "decide(), a forged signature",
      callsABatch: 8,
      isLeak: false,
      call: (cookieHeader) => decide({ ...input, cookieHeader }, config),
      guesses: bothClasses(good, good.length - 43),
    },
    {
      name: "control: a loop over characters",
      callsABatch: 64,
      isLeak: true,
      call: isSameByLoop,
      guesses: ofSignature,
    },
    {
      name: "control: ===",
      callsABatch: 64,
      isLeak: true,
      call: (guess) => guess === signature,
      guesses: ofSignature,
    },
  ];
  return subjects.map((subject) => {
    const t = welch(...sample(subject, batches));
    const isWanted = subject.isLeak ? Math.abs(t) > controlBound : Math.abs(t) < leakBound;
    return { subject: subject.name, t, isWanted };
  });
}

function isSameByLoop(guess: string): boolean {
  for (let at = 0; at < signature.length; at++) if (guess[at] !== signature[at]) return false;
  return true;
}

/** `text` with the first character of its signature wrong, and with the last. */
function bothClasses(text: string, from: number): [string[], string[]] {
  const wrongAt = (at: number): string[] =>
    Array.from({ length: copies }, () => {
      const bytes = Buffer.from(text, "latin1");
      bytes[at] = text[at] === "A" ? 0x51 : 0x41;
      return bytes.toString("latin1");
    });
  return [wrongAt(from), wrongAt(text.length - 1)];
}

/** Nanoseconds of each batch, by class. */
function sample(subject: Subject, batches: number): [number[], number[]] {
  const times: [number[], number[]] = [[], []];
  const classes = randomBytes(batches);
  const warmUp = Math.floor(batches / 10);
  let results = 0;
  for (const [batch, byte] of classes.entries()) {
    const kind = (byte & 1) as 0 | 1;
    const guesses = subject.guesses[kind];
    const begun = process.hrtime.bigint();
    for (let call = 0; call < subject.callsABatch; call++) {
      if (subject.call(guesses[(batch + call) % copies]!) !== true) results++;
    }
    const spent = Number(process.hrtime.bigint() - begun);
    if (batch >= warmUp) times[kind].push(spent);
  }
  if (results !== batches * subject.callsABatch) throw new Error(`${subject.name} took a wrong guess`);
  return times;
}

function welch(left: readonly number[], right: readonly number[]): number {
  const bound = [...left, ...right].sort((a, b) => a - b)[
    Math.floor((left.length + right.length) * keptShare)
  ]!;
  const [a, b] = [left, right].map((times) => moments(times.filter((time) => time < bound)));
  return (a!.mean - b!.mean) / Math.sqrt(a!.variance / a!.count + b!.variance / b!.count);
}

function moments(values: readonly number[]): { mean: number; variance: number; count: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / (values.length - 1), count: values.length };
}
