import type { IncomingMessage, ServerResponse } from "node:http";

/** Requests that wait to be told to go on, by their ids. */
const parked = new Map<string, () => void>();

/** Wait until somebody asks for `/release?id=…`, which needs no session. */
export function park(id: string): Promise<void> {
  return new Promise((resolve) => parked.set(id, resolve));
}

/** Answers false when the request is for another page. */
export function release(request: IncomingMessage, response: ServerResponse): boolean {
  const [path, query] = (request.url ?? "").split("?");
  if (path !== "/release") return false;
  const id = new URLSearchParams(query).get("id") ?? "";
  const go = parked.get(id);
  parked.delete(id);
  response.statusCode = go === undefined ? 404 : 200;
  response.end();
  go?.();
  return true;
}
