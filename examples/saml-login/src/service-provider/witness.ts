import type { IncomingMessage } from "node:http";
import { inflateRawSync } from "node:zlib";
import type { Step } from "../fleet/messages.ts";

/** The demo's own HTTP clients put this into their User-Agent. */
export const simulatedAgent = "unstick-demo";

/** Tells the demo what this instance did. Nothing in the login depends on it. */
export class Witness {
  readonly #instance: string;
  readonly #send: (step: Step) => void;

  constructor(instance: string, send: (step: Step) => void) {
    this.#instance = instance;
    this.#send = send;
  }

  tell(kind: Step["kind"], request: IncomingMessage, login: string, error: string | null): void {
    this.#send({
      kind,
      instance: this.#instance,
      login,
      cookies: cookieNames(request.headers.cookie ?? ""),
      isSimulated: (request.headers["user-agent"] ?? "").includes(simulatedAgent),
      error,
    });
  }
}

function cookieNames(header: string): string[] {
  const names = header.split(";").map((pair) => pair.split("=", 1)[0]?.trim() ?? "");
  return [...new Set(names.filter((name) => name !== ""))];
}

/** Which AuthnRequest a redirect to the identity provider carries. */
export function requestIdOf(location: string): string {
  const request = new URL(location).searchParams.get("SAMLRequest") ?? "";
  const xml = inflateRawSync(Buffer.from(request, "base64")).toString("utf8");
  return / ID="([^"]+)"/.exec(xml)?.[1] ?? "";
}

/** Which AuthnRequest a POSTed answer says it answers. Unverified: for the timeline, never for a decision. */
export function answeredIdOf(body: unknown): string {
  const answer = (body as { SAMLResponse?: unknown } | undefined)?.SAMLResponse;
  if (typeof answer !== "string") return "";
  const xml = Buffer.from(answer, "base64").toString("utf8");
  return /<[^>]*Response[^>]* InResponseTo="([\w.-]{1,128})"/.exec(xml)?.[1] ?? "";
}
