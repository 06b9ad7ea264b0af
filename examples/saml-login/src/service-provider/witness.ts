import { createHash } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { inflateRawSync } from "node:zlib";
import type { SamlEvents } from "@unstick/saml";
import type { FromInstance, Refusal, Step } from "../fleet/messages.ts";

/** The demo's own HTTP clients put this into their User-Agent. */
export const simulatedAgent = "unstick-demo";

/** Tells the demo what this instance did. Nothing in the login depends on it. */
export class Witness {
  readonly #instance: string;
  readonly #send: (message: FromInstance) => void;
  readonly #refusals = new WeakMap<IncomingMessage, Refusal>();

  constructor(instance: string, send: (message: FromInstance) => void) {
    this.#instance = instance;
    this.#send = send;
    subscribe("unstick.saml.logged-out", (event) => {
      const { sessions } = event as SamlEvents["logged-out"];
      send({ type: "logged-out", loggedOut: { instance, sessions } });
    });
  }

  /** Tell of this request once it is answered. `body`: its parsed form, if it has one by then. */
  watch(request: IncomingMessage, response: ServerResponse, body: () => unknown): void {
    const url = new URL(request.url ?? "/", "http://instance");
    response.once("finish", () => {
      const seen = readStep(request, url, response, body());
      if (seen === null) return;
      const step: Step = {
        ...seen,
        instance: this.#instance,
        names: seen.names.filter((name) => name !== ""),
        cookies: cookieNames(request.headers.cookie ?? ""),
        isSimulated: (request.headers["user-agent"] ?? "").includes(simulatedAgent),
        refusal: this.#refusals.get(request) ?? null,
      };
      this.#send({ type: "step", step });
    });
  }

  /** This request was refused; what the visitor reads. */
  refused(request: IncomingMessage, refusal: Refusal): void {
    this.#refusals.set(request, refusal);
  }
}

type Seen = Pick<Step, "kind" | "names">;

/** Which step of a login a request is, and what it calls the login; null: none. */
function readStep(
  { method }: IncomingMessage,
  { pathname, searchParams }: URL,
  response: ServerResponse,
  body: unknown,
): Seen | null {
  const location = String(response.getHeader("location") ?? "");
  switch (`${method} ${pathname}`) {
    case "GET /login":
      return response.statusCode === 302
        ? { kind: "begun", names: [requestIdOf(location), visitOf(searchParams.get("returnTo"))] }
        : null;
    case "POST /acs":
      return { kind: "answered", names: [answeredIdOf(body), ticketOf(location)] };
    case "GET /acs":
      return { kind: "redeemed", names: [ticketOf(`?${searchParams}`)] };
    case "GET /welcome":
      return { kind: "welcomed", names: [searchParams.get("visit") ?? ""] };
    default:
      return null;
  }
}

function cookieNames(header: string): string[] {
  const names = header.split(";").map((pair) => pair.split("=", 1)[0]?.trim() ?? "");
  return [...new Set(names.filter((name) => name !== ""))];
}

/** Which AuthnRequest a redirect to the identity provider carries. */
function requestIdOf(location: string): string {
  const request = new URL(location).searchParams.get("SAMLRequest") ?? "";
  const xml = inflateRawSync(Buffer.from(request, "base64")).toString("utf8");
  return / ID="([^"]+)"/.exec(xml)?.[1] ?? "";
}

/** What the page that begins a login calls it. */
function visitOf(target: string | null): string {
  return /[?&]visit=([\w-]{1,64})/.exec(target ?? "")?.[1] ?? "";
}

/** Which AuthnRequest a POSTed answer says it answers. Unverified: for the timeline, never for a decision. */
function answeredIdOf(body: unknown): string {
  const answer = (body as { SAMLResponse?: unknown } | undefined)?.SAMLResponse;
  if (typeof answer !== "string") return "";
  const xml = Buffer.from(answer, "base64").toString("utf8");
  return /<[^>]*Response[^>]* InResponseTo="([\w.-]{1,128})"/.exec(xml)?.[1] ?? "";
}

/** A ticket is as good as a password to the browser that it waits for: only its hash leaves the instance. */
function ticketOf(location: string): string {
  const ticket = /[?&]ticket=([\w-]+)/.exec(location)?.[1];
  return ticket === undefined ? "" : createHash("sha256").update(ticket).digest("base64url");
}
