import { SamlError } from "../errors.ts";
import { attribute, child, type XmlNode } from "./xml-node.ts";

const SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success";

/** Throws unless the message's status is Success. `what`: for whoever reads the cause. */
export function checkSuccess(message: XmlNode | undefined, what: string): void {
  if (attribute(child(child(message, "Status"), "StatusCode"), "Value") !== SUCCESS) {
    throw new SamlError("refused", { cause: new Error(`the ${what}'s status is not Success`) });
  }
}

/** `Destination` must be ours where the message is signed (bindings 3.5.5.2); there it cannot be left out. */
export function checkSignedResponse(response: XmlNode, callbackUrl: string): void {
  if (attribute(response, "Destination") !== callbackUrl) {
    throw new SamlError("misaddressed", { cause: new Error("Destination is not our callbackUrl") });
  }
  checkSuccess(response, "Response");
}
