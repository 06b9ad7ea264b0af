import { createHash } from "node:crypto";
import type { WriteToken } from "@unstick/session";

/** How many writes of one writer the record of a session remembers (the contract of `WriteToken`). */
const REMEMBERED = 32;

interface Lane {
  /** Started and not settled, oldest first: the number each was started with. */
  readonly unsettled: number[];
  /** In order of arrival; each is told the number it starts with. */
  readonly waiting: ((own: number) => void)[];
  started: number;
}

/**
 * Keeps a client's resends recognisable: the write n of a writer on a session starts only when the write
 * n - 32 has settled, so one that is sent again is always among the 32 that the record remembers, in
 * whatever order the client sends.
 */
export class WriteGate {
  readonly #lanes = new Map<string, Lane>();

  /** `queue` is called where the write has to wait, with what waits for its turn. */
  pass<T>(
    key: string,
    writer: string,
    write: () => Promise<T>,
    queue: (turn: () => Promise<T>) => Promise<T>,
  ): Promise<T> {
    const name = `${writer}${key}`;
    const lane = this.#lanes.get(name) ?? this.#open(name);
    if (!isFull(lane)) return this.#run(name, lane, start(lane), write);
    const own = new Promise<number>((go) => lane.waiting.push(go));
    return queue(async () => this.#run(name, lane, await own, write));
  }

  #open(name: string): Lane {
    const lane = { unsettled: [], waiting: [], started: 0 };
    this.#lanes.set(name, lane);
    return lane;
  }

  #run<T>(name: string, lane: Lane, own: number, write: () => Promise<T>): Promise<T> {
    return write().then(
      (value) => {
        this.#settle(name, lane, own);
        return value;
      },
      (error: unknown) => {
        this.#settle(name, lane, own);
        throw error;
      },
    );
  }

  #settle(name: string, lane: Lane, own: number): void {
    lane.unsettled.splice(lane.unsettled.indexOf(own), 1);
    this.#release(name, lane);
  }

  #release(name: string, lane: Lane): void {
    // The number is given here and now: who waits runs later, and others may come before.
    while (lane.waiting.length > 0 && !isFull(lane)) lane.waiting.shift()?.(start(lane));
    if (lane.unsettled.length === 0) this.#lanes.delete(name);
  }
}

function start(lane: Lane): number {
  lane.unsettled.push(lane.started);
  lane.started += 1;
  return lane.started - 1;
}

function isFull(lane: Lane): boolean {
  const [oldest = lane.started] = lane.unsettled;
  return lane.started >= oldest + REMEMBERED;
}

const shortNames = new Map<string, string>();

/** What the record calls a writer: 8 characters keep the record small, and 48 bits tell writers apart. The sequence has 16 digits. */
export function writerMark(token: WriteToken | undefined): readonly [writer: string, sequence: string] {
  if (token === undefined) return ["", ""];
  const known = shortNames.get(token.writer);
  const short = known ?? createHash("sha256").update(token.writer).digest("base64url").slice(0, 8);
  if (known === undefined) {
    if (shortNames.size >= 64) shortNames.clear();
    shortNames.set(token.writer, short);
  }
  return [short, String(token.sequence).padStart(16, "0")];
}
