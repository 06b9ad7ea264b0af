import { inflateRawSync } from "node:zlib";
import { SamlError } from "../errors.ts";
import type { RequestMaker, SamlReply } from "../flow/service-provider.ts";
import type { Gate } from "../gate.ts";
import { signMessage } from "../message/sign.ts";
import { makeEnvelope, makeFault, openEnvelope } from "../message/soap.ts";
import { validatePostRequest } from "../message/validate.ts";
import type { XmlTools } from "../message/verified-xml.ts";
import { accept, refusalsTold } from "../protect.ts";

/**
 * LogoutRequests by SOAP, from the identity provider itself (profiles 4.4.3.1, bindings 3.2): no browser, no cookie.
 * The request must be signed; the answer is, when the service provider has a key, else TLS vouches for it
 * (bindings 3.2.2.1).
 */
export class BackChannel {
  readonly #saml: RequestMaker;
  readonly #gate: Gate;
  readonly #tools: XmlTools;

  constructor(saml: RequestMaker, gate: Gate, tools: XmlTools) {
    this.#saml = saml;
    this.#gate = gate;
    this.#tools = tools;
  }

  /** Never rejects: what is refused is answered as a SOAP fault (SOAP 1.1, 6.2: status 500) and told on the channel. */
  logout(envelope: string): Promise<SamlReply> {
    const inScope = refusalsTold(this.#gate.options.scope);
    return inScope(() => this.#end(envelope)).catch((error: { readonly code?: string }) => ({
      status: 500,
      type: "text/xml",
      body: makeFault(!(error instanceof SamlError), error.code ?? "unknown"),
    }));
  }

  async #end(envelope: string): Promise<SamlReply> {
    const { maxMessageBytes } = this.#gate.options;
    const xml = openEnvelope(this.#tools, envelope, maxMessageBytes);
    const SAMLRequest = Buffer.from(xml).toString("base64");
    // Base64 is a third longer, and the envelope was measured already.
    const message = await validatePostRequest(this.#saml, { SAMLRequest }, 2 * maxMessageBytes);
    if (message.kind !== "logout-request") throw new SamlError("refused");
    await accept(this.#gate, message);
    return { status: 200, type: "text/xml", body: makeEnvelope(await this.#response(message.request.id)) };
  }

  /** node-saml makes it for a redirect; here its XML is what is wanted. */
  async #response(requestId: string): Promise<string> {
    const url = new URL(await this.#saml.getLogoutResponseUrlAsync({ ID: requestId }, "", {}, true));
    const deflated = Buffer.from(url.searchParams.get("SAMLResponse") ?? "", "base64");
    const { privateKey } = this.#saml.options as { readonly privateKey?: string | Buffer };
    return signMessage(this.#tools, inflateRawSync(deflated).toString("utf8"), privateKey?.toString());
  }
}
