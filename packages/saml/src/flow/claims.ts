import type { SharedState } from "@unstick/session";
import { digest } from "../digest.ts";
import { RequestUsedError, SamlError } from "../errors.ts";
import { emit } from "../events.ts";
import type { SamlLogin } from "../message/login.ts";
import { type Shelf, shelf } from "../shelf.ts";

export interface ClaimsOptions {
  readonly state: SharedState;
  readonly scope: string;
  readonly requestIdLifetimeMs: number;
  readonly clockSkewMs: number;
  readonly unsolicited: "refuse" | "accept";
  /** Ids of AuthnRequests that wait for their answers. */
  readonly requests: Shelf;
}

/**
 * What may be used once: the id of an AuthnRequest, and the assertion that answers it. Claimed only after the
 * signature was good, each in one atomic step of the store; a lost reply is a refusal.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly requests: Shelf;
  readonly #assertions: Shelf;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.requests = options.requests;
    this.#assertions = shelf(options.state, "assertion", options.scope);
  }

  /** The record that the login was begun with; throws when there is none, or none is needed and asked for. */
  async peek(login: SamlLogin): Promise<string | null> {
    if (login.inResponseTo === null) {
      if (this.#options.unsolicited === "accept") return null;
      throw new SamlError("unsolicited");
    }
    const record = await this.requests.get(login.inResponseTo);
    if (record !== null) return record;
    throw await this.#whyGone(login.inResponseTo);
  }

  /** Exactly one caller returns; all others throw {@link SamlError}. Answers the record of the request. */
  async claim(login: SamlLogin): Promise<string | null> {
    const record = await this.#claimRequest(login);
    const isFirst = await this.#assertions.add(
      digest(login.issuer, login.assertionId),
      "",
      this.memoryOf(login),
    );
    if (!isFirst) throw this.#used(new SamlError("assertion_used"));
    emit("accepted", { scope: this.#options.scope, isSolicited: login.inResponseTo !== null });
    return record;
  }

  /** How long an assertion could still be presented (profiles 4.1.4.5). */
  memoryOf(login: SamlLogin): number {
    return Math.ceil(Math.max(1_000, login.expiresAtMs - Date.now() + 2 * this.#options.clockSkewMs));
  }

  async #claimRequest(login: SamlLogin): Promise<string | null> {
    if (login.inResponseTo === null) return this.peek(login);
    // The mark outlives the assertion, or "used" would turn into "unknown" while it can still be presented.
    const tombstoneMs = Math.max(this.#options.requestIdLifetimeMs, this.memoryOf(login));
    const claimed = await this.requests.take(login.inResponseTo, tombstoneMs);
    if (claimed.outcome === "taken") return claimed.value;
    if (claimed.outcome === "used") throw this.#used(new RequestUsedError());
    throw new SamlError("request_unknown");
  }

  async #whyGone(id: string): Promise<SamlError> {
    const isUsed = await this.requests.isTaken(id);
    return isUsed ? this.#used(new RequestUsedError()) : new SamlError("request_unknown");
  }

  #used(error: SamlError): SamlError {
    emit("request-used", { scope: this.#options.scope });
    return error;
  }
}
