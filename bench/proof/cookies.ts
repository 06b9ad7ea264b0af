import { createHash, createHmac } from "node:crypto";
import { prefixOf } from "./env.ts";
import { isKoa, ours, SECRET, type Subject } from "./subjects.ts";

/** The cookie that a browser with the session of this id would send. */
export function cookieOf(subject: Subject, id: string): string {
  if (isKoa(subject)) {
    const signature = createHmac("sha1", SECRET).update(`koa.sess=${id}`).digest("base64url");
    return `koa.sess=${id}; koa.sess.sig=${signature}`;
  }
  const signature = createHmac("sha256", SECRET).update(id).digest("base64").replace(/=+$/, "");
  return `connect.sid=${encodeURIComponent(`s:${id}.${signature}`)}`;
}

/** The id in a cookie. */
export function idOf(subject: Subject, cookie: string): string {
  const value = decodeURIComponent(/^(?:connect\.sid|koa\.sess)=([^;]+)/.exec(cookie)?.[1] ?? "");
  return isKoa(subject) ? value : value.slice(2, value.lastIndexOf("."));
}

/** Where a session lies in Redis. koa-redis puts nothing before the id, which koa-session then begins so. */
export function keyOf(subject: Subject, id: string): string {
  if (ours.includes(subject)) return prefixOf(subject) + hash(id);
  return isKoa(subject) ? id : prefixOf(subject) + id;
}

/** What events call the session of an id. */
export function handleOf(id: string): string {
  return `handle:${hash(id)}`;
}

function hash(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}
