import type { IncomingMessage } from "node:http";

/**
 * Whether the browser's connection is encrypted: ours is, or a proxy that we trust says that the browser's
 * is. `trust` absent: Express decides by its `trust proxy`.
 */
export function isSecure(
  request: IncomingMessage & { readonly secure?: unknown },
  trust: boolean | undefined,
): boolean {
  if ((request.socket as { encrypted?: boolean } | undefined)?.encrypted === true) return true;
  if (trust === false) return false;
  if (trust === undefined) return request.secure === true;
  const header = request.headers["x-forwarded-proto"];
  // The first of a list is what the browser spoke; the rest is between proxies.
  const [first = ""] = (Array.isArray(header) ? (header[0] ?? "") : (header ?? "")).split(",");
  return first.trim().toLowerCase() === "https";
}

/** The path of the request as the browser sees it, wherever a router has mounted us. */
export function originalPath(request: IncomingMessage & { readonly originalUrl?: string }): string {
  const url = request.originalUrl ?? request.url ?? "";
  if (!url.startsWith("/")) return URL.canParse(url) ? new URL(url).pathname : "/";
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
