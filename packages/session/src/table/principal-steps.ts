import type { Lifetime, PrincipalEntry, PrincipalIndex, SessionKey } from "../backend.ts";
import type { PrincipalLink, ReadableRows, Row, Rows } from "./table.ts";

type Limit = NonNullable<Parameters<PrincipalIndex["linkPrincipal"]>[4]>;

const FOREVER = Number.MAX_SAFE_INTEGER;

export function linkPrincipal(
  rows: Rows,
  now: number,
  principal: string,
  key: SessionKey,
  entry: string,
  lifetime: Lifetime,
  limit?: Limit,
): { readonly outcome: "ok" | "limit"; readonly evict: readonly SessionKey[] } {
  const group = groupOf(principal);
  const surplus = limit === undefined ? [] : surplusKeys(rows, principal, key, limit.max);
  if (limit?.policy === "reject" && surplus.length > 0) return { outcome: "limit", evict: [] };
  const known = rows.get(group, key);
  const order = known?.body.kind === "link" ? known.body.order : nextOrder(rows);
  const until = now + Math.min(lifetime.idleMs, lifetime.absoluteMs ?? lifetime.idleMs);
  if (until > now) rows.put(group, key, { until, body: { kind: "link", entry, order } });
  else rows.delete(group, key);
  return { outcome: "ok", evict: surplus };
}

export function unlinkPrincipal(rows: Rows, principal: string, key: SessionKey): void {
  rows.delete(groupOf(principal), key);
}

export function principalSessions(rows: ReadableRows, principal: string): readonly PrincipalEntry[] {
  return rows
    .list(groupOf(principal))
    .filter((pair): pair is readonly [string, Row<PrincipalLink>] => pair[1].body.kind === "link")
    .sort(([, a], [, b]) => a.body.order - b.body.order)
    .map(([key, row]) => ({ key, entry: row.body.entry }));
}

function groupOf(principal: string): string {
  return `principal.${principal}`;
}

/** The oldest of the others that leave no room for one more. */
function surplusKeys(rows: ReadableRows, principal: string, key: SessionKey, max: number): SessionKey[] {
  const others = principalSessions(rows, principal).filter((entry) => entry.key !== key);
  return others.slice(0, Math.max(0, others.length + 1 - max)).map((entry) => entry.key);
}

function nextOrder(rows: Rows): number {
  const counter = rows.get("counter", "order")?.body;
  const last = (counter?.kind === "counter" ? counter.last : 0) + 1;
  rows.put("counter", "order", { until: FOREVER, body: { kind: "counter", last } });
  return last;
}
