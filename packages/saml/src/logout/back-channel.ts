import { SamlError } from "../errors.ts";
import type { Gate } from "../gate.ts";
import type { LogoutMessage } from "../message/logout-message.ts";
import { makeLogoutResponse } from "../message/logout-response.ts";
import { signMessage } from "../message/sign.ts";
import { makeEnvelope, makeFault, openEnvelope } from "../message/soap.ts";
import type { XmlTools } from "../message/verified-xml.ts";
import { refusalsTold } from "../refusals.ts";
import { settleLogout } from "./settle-logout.ts";

export interface BackChannelOptions {
  readonly gate: Gate;
  readonly tools: XmlTools;
  /** Our own entity id. */
  readonly entityId: string;
  /** PEM; without it answers are not signed, and TLS vouches for them (bindings 3.2.2.1). */
  readonly signingKey: string | undefined;
  /** Rejects unless the message's own signature is the identity provider's. */
  verify(xml: string): LogoutMessage | Promise<LogoutMessage>;
}

/** What is sent back, as `text/xml`. */
export interface SoapAnswer {
  readonly status: 200 | 500;
  readonly body: string;
}

/**
 * LogoutRequests by SOAP, from the identity provider itself (profiles 4.4.3.1, bindings 3.2): no browser, no cookie.
 * The request must be signed.
 */
export class BackChannel {
  readonly #options: BackChannelOptions;

  constructor(options: BackChannelOptions) {
    this.#options = options;
  }

  /** Never rejects: what is refused is answered as a SOAP fault (SOAP 1.1, 6.2: status 500) and told on the channel. */
  logout(readEnvelope: () => Promise<string>): Promise<SoapAnswer> {
    const inScope = refusalsTold(this.#options.gate.options.scope);
    return inScope(async () => this.#end(await readEnvelope())).catch(
      (error: { readonly code?: string }) => ({
        status: 500,
        body: makeFault(!(error instanceof SamlError), error.code ?? "unknown"),
      }),
    );
  }

  async #end(envelope: string): Promise<SoapAnswer> {
    const { gate, tools, entityId, signingKey } = this.#options;
    const message = await this.#options.verify(openEnvelope(tools, envelope, gate.options.maxMessageBytes));
    if (message.kind !== "logout-request") throw new SamlError("refused");
    await settleLogout(gate, message);
    const response = makeLogoutResponse(entityId, message.request.id);
    return { status: 200, body: makeEnvelope(signMessage(tools, response, signingKey)) };
  }
}
