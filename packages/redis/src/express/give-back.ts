import { randomBytes } from "node:crypto";
import type { SessionKey } from "@unstick/session";
import type { PeerRecords } from "../peer-records.ts";
import type { OurRecords } from "./our-records.ts";

/** White space of JSON behind a record that is not yet confirmed: connect-redis writes none there, and reads over it. */
export const UNCONFIRMED = " \t \t";

/** How long an unconfirmed record stands, should who wrote it die. */
const UNCONFIRMED_MS = 30_000;

/** White space that no other copy has, so that what is confirmed is the copy that was looked at. */
function unconfirmed(): string {
  const digits = BigInt(`0x${randomBytes(12).toString("hex")}`).toString(4);
  return [...digits].map((digit) => " \t\n\r"[Number(digit)]).join("") + UNCONFIRMED;
}

/** Whether a record is a copy of ours that does not count (any more): it was made late, or ours still counts. */
export function isUnconfirmed(text: string): boolean {
  return text.endsWith(UNCONFIRMED);
}

/** A frozen session of ours, as it is to be theirs. */
export interface FrozenSession {
  readonly id: string;
  readonly key: SessionKey;
  /** connect-redis's string for it. */
  readonly text: string;
  readonly remainingMs: number;
  /** Whether a string of connect-redis's holds the same, the cookie's settings apart. */
  isSame(text: string): boolean;
  /** Take it out of its user's list. */
  unlist(): Promise<void>;
}

/**
 * Make connect-redis's record of a session of ours that is frozen. The two keys are in different slots, so it takes
 * steps, each of which may be the last one of a process, and which any number of instances may take at once:
 *
 * 1. `freeze`: ours refuses writes from now on, so what is copied is all there ever was. Ours still counts.
 * 2. Copy it to theirs, unconfirmed. A copy that comes late, after a logout, is found out by step 3, counts nowhere,
 *    and goes by itself. What an adoption left behind under their key is older than ours: it is written over.
 * 3. Only while ours is frozen (a logout ends ours before it removes theirs), confirm the copy by compare-and-set:
 *    whatever removed it meanwhile wins.
 * 4. Put "given back" in the place of ours. From now on theirs counts.
 *
 * Nobody writes to theirs before step 4, since whoever finds ours frozen takes these steps first. A crash before it
 * leaves ours, frozen, for whoever meets it next.
 */
export async function giveBack(ours: OurRecords, theirs: PeerRecords, frozen: FrozenSession): Promise<void> {
  const { id, key, text } = frozen;
  const endsAt = performance.now() + frozen.remainingMs;
  const leftMs = (): number => Math.max(1, Math.ceil(endsAt - performance.now()));
  for (;;) {
    let found = (await theirs.read(id))?.text;
    if (found === undefined) {
      const copy = text + unconfirmed();
      if (await theirs.create(id, copy, Math.min(UNCONFIRMED_MS, leftMs()))) found = copy;
    }
    const isFrozen = await ours.isFrozen(key);
    if (!isFrozen && found !== undefined && isUnconfirmed(found)) await theirs.removeIf(id, found);
    if (!isFrozen) return;
    if (found === undefined) continue;
    if (!isUnconfirmed(found) && frozen.isSame(found)) {
      // Confirmed by another instance, which may have gone on since: its deadline is not to be moved back.
      await theirs.prolong(id, leftMs());
      break;
    }
    if ((await theirs.replace(id, found, text, leftMs())) === true) break;
  }
  await frozen.unlist();
  await ours.give(key);
}
