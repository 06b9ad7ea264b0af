import { randomBytes } from "node:crypto";
import type { SessionKey } from "../backend.ts";
import { RecentlyUsed } from "../http/recently-used.ts";

/** Longer than any of a known form. */
const MOST_ID_LENGTH = 256;

interface Remembered {
  readonly id: Uint8Array;
  readonly key: SessionKey;
}

/**
 * Ids that were shown not long ago, by their good signatures. To ask OpenSSL for the hash of an id and to compare its
 * signature takes a tenth of all that a session costs a request; most requests show what was shown before. An id is kept
 * under a mask, so that none stands in a dump of the heap, and is compared to its last character whatever the first.
 * It is found by its signature in a Map, whose hash nobody outside can aim at, and who knows the one knows the other.
 */
export class RememberedIds {
  readonly #mask: Uint8Array = randomBytes(MOST_ID_LENGTH);
  readonly #known = new RecentlyUsed<Remembered>();

  /** The session key of an id that came with just this signature, and is of a known form; `undefined`: look yourself. */
  find(id: string, signature: string): SessionKey | undefined {
    const known = this.#known.get(signature);
    if (known === undefined || id.length !== known.id.length) return undefined;
    let difference = 0;
    for (let at = 0; at < id.length; at += 1)
      difference |= id.charCodeAt(at) ^ (this.#mask[at] as number) ^ (known.id[at] as number);
    return difference === 0 ? known.key : undefined;
  }

  /** The signature was found good, and the id is of a known form. */
  remember(id: string, signature: string, key: SessionKey): void {
    const masked = Uint8Array.from(
      id,
      (character, at) => character.charCodeAt(0) ^ (this.#mask[at] as number),
    );
    // A copy: a slice would keep the whole Cookie header alive.
    this.#known.set(Buffer.from(signature, "latin1").toString("latin1"), { id: masked, key });
  }
}
