import type { CookieLines } from "./claim.ts";

const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
]);

/** [O] The headers that come before AWSALB and AWSALBTG. */
const first: ReadonlySet<string> = new Set(["date", "content-type", "content-length"]);

/** Set-Cookie lines among raw headers. */
export function setCookieLines(raw: readonly string[]): readonly string[] {
  return raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === "set-cookie");
}

/**
 * The target's headers with the balancer's cookies at their places. [O] AWSALB and AWSALBTG stand early, before `server`
 * and the others; AWSALBAPP after all of them, the application's own Set-Cookie included.
 */
export function responseHeaders(raw: readonly string[], cookies: CookieLines): string[] {
  const before: string[] = [];
  const after: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower)) (first.has(lower) ? before : after).push(name, raw[at + 1] ?? "");
  }
  const lines = (values: readonly string[]): string[] => values.flatMap((value) => ["Set-Cookie", value]);
  return [...before, ...lines(cookies.early), ...after, ...lines(cookies.late)];
}
