import { NO_COOKIE } from "../engine/cookie-attribute.ts";
import type { Session } from "../engine/session.ts";

/** What was read of sessions that were stored without a cookie. */
const found = new WeakSet<object>();

/** After the data was put into a session: note that the application gave none. */
export function noteMissingCookie(session: Session, data: object): void {
  if (!("cookie" in data)) session.set("cookie", NO_COOKIE);
}

/** Give data back as the application stored it. */
export function withoutNote<Data extends object>(data: Data): Data {
  if ((data as { cookie?: unknown }).cookie !== NO_COOKIE) return data;
  Reflect.deleteProperty(data, "cookie");
  found.add(data);
  return data;
}

/** Throws what express-session does when it makes a session of such data: it hands that to the application. */
export function requireCookie(data: object): void {
  if (found.has(data))
    throw new TypeError("Cannot read properties of a session that was stored without its cookie");
}
