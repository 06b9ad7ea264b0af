import { SamlError } from "../errors.ts";
import type { Gate } from "../gate.ts";
import type { SamlLibrary } from "../library/saml-library.ts";
import { decodeXml, readField } from "../message/encoded.ts";
import {
  answerableState,
  type FoundMessage,
  findLogoutMessage,
  type LogoutCall,
  type LogoutMessage,
} from "../message/logout-message.ts";
import { readRedirectedLogout, readSignedLogout } from "../message/signed-logout.ts";
import { BackChannel } from "./back-channel.ts";
import { settleLogout } from "./settle-logout.ts";

export interface LogoutArrival extends LogoutCall {
  /** The body of a POST whose type is `text/xml`: an envelope of the SOAP back channel. */
  readonly soap?: string;
}

/** What became of a message at the logout address, and what it wants as an answer. */
export type LogoutStep =
  | {
      /** A LogoutRequest: what it named has ended. The library makes the LogoutResponse to `requestId`. */
      readonly kind: "ended";
      readonly requestId: string;
      /** Goes back with the LogoutResponse as it came; `""` is none. */
      readonly relayState: string;
      /** How many sessions were ended here. */
      readonly sessions: number;
    }
  /** The answer to our own LogoutRequest, for the first time. */
  | { readonly kind: "completed" }
  /** Answered in full: send `body` as `text/xml`. A refusal is a fault. */
  | { readonly kind: "soap"; readonly status: 200 | 500; readonly body: string };

/** The logout address under a library that keeps no state, and of which saml2-js verifies no logout message either. */
export class LogoutEndpoint {
  readonly #gate: Gate;
  readonly #library: SamlLibrary;
  readonly #backChannel: BackChannel;

  constructor(gate: Gate, library: SamlLibrary) {
    this.#gate = gate;
    this.#library = library;
    const { trust, signingKey } = library;
    const { tools, entityId } = trust;
    const verify = (xml: string): LogoutMessage => readSignedLogout(xml, trust);
    this.#backChannel = new BackChannel({ gate, tools, entityId, signingKey, verify });
  }

  /** Rejects with {@link SamlError} for what is no message, or none of the identity provider's; state is then as before. */
  async receive({ soap, ...call }: LogoutArrival): Promise<LogoutStep> {
    if (soap !== undefined) return { kind: "soap", ...(await this.#backChannel.logout(async () => soap)) };
    const found = findLogoutMessage(call);
    if (found === undefined) throw new SamlError("malformed");
    const message = this.#read(found);
    const sessions = await settleLogout(this.#gate, message);
    if (message.kind === "logout-response") return { kind: "completed" };
    const relayState = answerableState(found.relayState);
    return { kind: "ended", requestId: message.request.id, relayState, sessions };
  }

  #read(found: FoundMessage): LogoutMessage {
    const { trust } = this.#library;
    const { maxMessageBytes } = this.#gate.options;
    if (found.binding === "redirect") return readRedirectedLogout(found.query, maxMessageBytes, trust);
    return readSignedLogout(decodeXml(readField(found.form, found.name, maxMessageBytes)), trust);
  }
}
