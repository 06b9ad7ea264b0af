import { rawQuery } from "./encoded.ts";
import type { LogoutRequest } from "./logout-request.ts";

/** What the identity provider says at the logout address, once its signature was good. */
export type LogoutMessage =
  | { readonly kind: "logout-request"; readonly request: LogoutRequest }
  /** The answer to a LogoutRequest of ours. */
  | { readonly kind: "logout-response"; readonly inResponseTo: string };

/** What of a request the logout address reads, in any framework. */
export interface LogoutCall {
  readonly method: string;
  /** Path and query as they came: the signature of a Redirect covers them octet by octet. */
  readonly url: string;
  /** The parsed form of a POST. */
  readonly form?: unknown;
}

/** Where in a request the message is, not yet read. */
export type FoundMessage = { readonly relayState: unknown } & (
  | { readonly binding: "post"; readonly name: "SAMLRequest" | "SAMLResponse"; readonly form: object }
  | { readonly binding: "redirect"; readonly query: string }
);

/** `undefined`: the request brings no message. */
export function findLogoutMessage({ method, url, form }: LogoutCall): FoundMessage | undefined {
  const fields = (typeof form === "object" && form !== null ? form : {}) as { readonly RelayState?: unknown };
  const name = (["SAMLRequest", "SAMLResponse"] as const).find((field) => Object.hasOwn(fields, field));
  if (method === "POST" && name !== undefined) {
    return { binding: "post", name, form: fields, relayState: fields.RelayState };
  }
  const query = rawQuery(url);
  const inQuery = new URLSearchParams(query);
  if (!inQuery.has("SAMLRequest") && !inQuery.has("SAMLResponse")) return undefined;
  return { binding: "redirect", query, relayState: inQuery.get("RelayState") };
}

/** RelayState goes back as it came (bindings 3.4.3), if it is one: at most 80 bytes. It is nothing that we read. */
export function answerableState(relayState: unknown): string {
  return typeof relayState === "string" && Buffer.byteLength(relayState) <= 80 ? relayState : "";
}
