import { SamlError } from "../errors.ts";
import type { VerifiedAnswer } from "../message/answer.ts";
import { rawQuery } from "../message/encoded.ts";
import type { SamlLogin } from "../message/login.ts";
import { readBrowser } from "./browser-cookie.ts";
import type { ReadFlowOptions } from "./flow-options.ts";
import type { LoginFlow } from "./login-flow.ts";

/** What of a request the assertion consumer service reads, in any framework. */
export interface ConsumerRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly cookie: string | undefined;
  /** The parsed form of a POST. */
  readonly form?: unknown;
}

/**
 * Where the browser goes next: a 303 to `location`. `accepted`: after the application has made the session. `again`:
 * its login was completed a moment ago. `redirect`: it comes back with its ticket, and its cookie.
 */
export type ConsumerStep =
  | { readonly kind: "accepted"; readonly login: SamlLogin; readonly location: string }
  | { readonly kind: "again" | "redirect"; readonly location: string };

/** The assertion consumer service: POST brings the identity provider's answer, GET the browser with its ticket. */
export class AssertionConsumer {
  readonly #flow: LoginFlow;
  readonly #options: ReadFlowOptions;
  readonly #callbackUrl: string;
  readonly #verify: (form: unknown) => Promise<VerifiedAnswer>;

  constructor(
    flow: LoginFlow,
    options: ReadFlowOptions,
    callbackUrl: string,
    verify: (form: unknown) => Promise<VerifiedAnswer>,
  ) {
    this.#flow = flow;
    this.#options = options;
    this.#callbackUrl = callbackUrl;
    this.#verify = verify;
  }

  consume(request: ConsumerRequest): Promise<ConsumerStep> {
    return request.method === "POST" ? this.#answer(request) : this.#comeBack(request);
  }

  async #answer(request: ConsumerRequest): Promise<ConsumerStep> {
    const { login, proof } = await this.#verify(request.form);
    const { RelayState } = request.form as { readonly RelayState?: unknown };
    const ticket = await this.#flow.park(login, proof, RelayState);
    if (this.#options.binding === "none-cookie") return this.#redeem(ticket, request);
    const back = new URL(this.#callbackUrl);
    back.searchParams.set("ticket", ticket);
    return { kind: "redirect", location: back.href };
  }

  async #comeBack(request: ConsumerRequest): Promise<ConsumerStep> {
    const ticket = new URLSearchParams(rawQuery(request.url)).get("ticket") ?? "";
    if (!/^[A-Za-z0-9_-]{43}$/.test(ticket)) throw new SamlError("malformed");
    return this.#redeem(ticket, request);
  }

  async #redeem(ticket: string, request: ConsumerRequest): Promise<ConsumerStep> {
    const { target: location, ...end } = await this.#flow.redeem(
      ticket,
      readBrowser(request.cookie, this.#options),
    );
    return { ...end, location };
  }
}
