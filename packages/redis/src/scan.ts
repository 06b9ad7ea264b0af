import type { Caller } from "./caller.ts";
import { replyList, replyText } from "./reply.ts";

/** Keys looked at by one SCAN step; short enough not to hold up a busy server. */
const KEYS_OF_A_STEP = "512";

/** Longer patterns have brought servers down (CVE-2024-31228); what one cannot say is filtered here. */
const LONGEST_PATTERN = 256;

/**
 * The keys on all masters that begin with `prefix`, taken literally, each once, in batches, without the
 * client's own key prefix: as a command would name them.
 */
export async function* scanKeys(caller: Caller, prefix: string): AsyncGenerator<readonly string[]> {
  const { keyPrefix } = caller.link;
  const pattern = patternOf(keyPrefix + prefix);
  const seen = new Set<string>();
  for (const send of await caller.run("enumerate", () => caller.link.masters())) {
    let cursor = "0";
    do {
      const step = ["SCAN", cursor, "MATCH", pattern, "COUNT", KEYS_OF_A_STEP];
      const [next, keys] = replyList(await caller.run("enumerate", () => send(step)));
      cursor = replyText(next);
      yield freshKeys(keys, keyPrefix, seen).filter((key) => key.startsWith(prefix));
    } while (cursor !== "0");
  }
}

/** SCAN may give a key twice, and a slot that moves meanwhile is seen on two masters. */
function freshKeys(keys: unknown, keyPrefix: string, seen: Set<string>): string[] {
  const fresh: string[] = [];
  for (const reply of replyList(keys)) {
    const key = replyText(reply).slice(keyPrefix.length);
    if (!seen.has(key)) fresh.push(key);
    seen.add(key);
  }
  return fresh;
}

function patternOf(text: string): string {
  let pattern = "";
  for (const character of text) {
    const longer = pattern + escapeGlob(character);
    if (Buffer.byteLength(longer) >= LONGEST_PATTERN) break;
    pattern = longer;
  }
  return `${pattern}*`;
}

/** Glob characters of Redis: `* ? [ ] \` (and `^ -` within brackets). */
function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, "\\$&");
}
