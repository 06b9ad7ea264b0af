import type { PrincipalEntry, PrincipalIndex, Promised } from "@unstick/session";
import type { Caller } from "./caller.ts";
import { LINK, LIST, UNLINK } from "./lua/principal-scripts.ts";
import { REPLY } from "./lua/record.ts";
import { replyList, replyNumber, replyText } from "./reply.ts";
import { lifetimeArgs } from "./session-verbs.ts";

export function principalIndex(caller: Caller, prefix: string): Promised<PrincipalIndex> {
  const keyOf = (principal: string): string => `${prefix}p:${principal}`;
  return {
    linkPrincipal: (principal, key, entry, lifetime, limit, placeOf = "") => {
      const bound = limit === undefined ? ["", ""] : [String(limit.max), limit.policy];
      const args = [key, entry, ...lifetimeArgs(lifetime), ...bound, placeOf];
      return caller.script("linkPrincipal", LINK, [keyOf(principal)], args, (raw) => {
        const [code, evict] = replyList(raw);
        if (replyNumber(code) === REPLY.limit) return { outcome: "limit", evict: [] };
        return { outcome: "ok", evict: replyList(evict).map(replyText) };
      });
    },
    unlinkPrincipal: (principal, key) =>
      caller.script("unlinkPrincipal", UNLINK, [keyOf(principal)], [key], () => undefined),
    principalSessions: (principal) =>
      caller.script("principalSessions", LIST, [keyOf(principal)], [], replyEntries),
  };
}

function replyEntries(raw: unknown): PrincipalEntry[] {
  const pairs = replyList(replyList(raw)[1]);
  const entries: PrincipalEntry[] = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    entries.push({ key: replyText(pairs[at]), entry: replyText(pairs[at + 1]) });
  }
  return entries;
}
