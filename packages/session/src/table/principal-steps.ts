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
  placeOf?: SessionKey,
): { readonly outcome: "ok" | "limit"; readonly evict: readonly SessionKey[] } {
  const group = groupOf(principal);
  const place = orderOf(rows, group, key) ?? orderOf(rows, group, placeOf);
  const surplus = limit === undefined ? [] : surplusKeys(rows, principal, key, place, limit.max);
  if (limit?.policy === "reject" && surplus.length > 0) return { outcome: "limit", evict: [] };
  const order = place ?? nextOrder(rows);
  const until = now + Math.min(lifetime.idleMs, lifetime.absoluteMs ?? lifetime.idleMs);
  if (until > now) rows.put(group, key, { until, body: { kind: "link", entry, order } });
  else rows.delete(group, key);
  return { outcome: "ok", evict: surplus };
}

export function unlinkPrincipal(rows: Rows, principal: string, key: SessionKey): void {
  rows.delete(groupOf(principal), key);
}

export function principalSessions(rows: ReadableRows, principal: string): readonly PrincipalEntry[] {
  return links(rows, principal).map(([key, { body }]) => ({ key, entry: body.entry }));
}

function links(rows: ReadableRows, principal: string): (readonly [SessionKey, Row<PrincipalLink>])[] {
  return rows
    .list(groupOf(principal))
    .filter((pair): pair is readonly [string, Row<PrincipalLink>] => pair[1].body.kind === "link")
    .sort(([, a], [, b]) => a.body.order - b.body.order);
}

function orderOf(rows: ReadableRows, group: string, key: SessionKey | undefined): number | undefined {
  const body = key === undefined ? undefined : rows.get(group, key)?.body;
  return body?.kind === "link" ? body.order : undefined;
}

function groupOf(principal: string): string {
  return `principal.${principal}`;
}

/** The oldest of the others that leave no room for one more, all of a place together. */
function surplusKeys(
  rows: ReadableRows,
  principal: string,
  key: SessionKey,
  place: number | undefined,
  max: number,
): SessionKey[] {
  const others = links(rows, principal).filter(([name, { body }]) => name !== key && body.order !== place);
  const places = [...new Set(others.map(([, { body }]) => body.order))];
  const surplus = new Set(places.slice(0, Math.max(0, places.length + 1 - max)));
  return others.filter(([, { body }]) => surplus.has(body.order)).map(([name]) => name);
}

function nextOrder(rows: Rows): number {
  const counter = rows.get("counter", "order")?.body;
  const last = (counter?.kind === "counter" ? counter.last : 0) + 1;
  rows.put("counter", "order", { until: FOREVER, body: { kind: "counter", last } });
  return last;
}
