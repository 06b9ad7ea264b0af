import { SamlError } from "../errors.ts";
import { mustVerify, refused, type Trust } from "./answer.ts";
import { readRedirect } from "./encoded.ts";
import type { LogoutMessage } from "./logout-message.ts";
import { checkLogoutDestination, type LogoutRequest, readLogoutRequest } from "./logout-request.ts";
import { isQuerySigned } from "./query-signature.ts";
import { checkSuccess } from "./response.ts";
import { parseXml, toXmlNode } from "./verified-xml.ts";
import { attribute, child, text, type XmlNode } from "./xml-node.ts";

/** A message that was POSTed, or came by SOAP, and carries its signature. What is read is what that covers. */
export function readSignedLogout(xml: string, trust: Trust): LogoutMessage {
  const raw = parseXml(trust.tools, xml);
  const part = mustVerify(xml, raw, trust);
  return readLogout(raw.localName, toXmlNode(parseXml(trust.tools, part)), trust);
}

/** A message by HTTP-Redirect. `query`: the raw query, which the signature covers. */
export function readRedirectedLogout(query: string, maxMessageBytes: number, trust: Trust): LogoutMessage {
  const message = readRedirect(query, maxMessageBytes);
  if (!isQuerySigned(message, trust.certificates))
    throw refused("its signature is not the identity provider's");
  const root = parseXml(trust.tools, message.xml);
  const isWhatItSays = root.localName.endsWith(message.kind.replace("SAML", ""));
  if (!isWhatItSays) throw refused("it is not what its field says");
  return readLogout(root.localName, toXmlNode(root), trust);
}

function readLogout(name: string, message: XmlNode, trust: Trust): LogoutMessage {
  if (text(child(message, "Issuer")) !== trust.issuer) throw refused("it is from another issuer");
  if (name === "LogoutRequest") return { kind: "logout-request", request: readRequest(message, trust) };
  if (name !== "LogoutResponse") throw refused("it is no message of a logout");
  const inResponseTo = attribute(message, "InResponseTo");
  if (inResponseTo === undefined) throw new SamlError("unsolicited");
  checkSuccess(message, name);
  checkLogoutDestination(message, trust.callbackUrl);
  return { kind: "logout-response", inResponseTo };
}

function readRequest(message: XmlNode, { callbackUrl, clockSkewMs }: Trust): LogoutRequest {
  const request = readLogoutRequest(message, callbackUrl);
  if (request.expiresAtMs !== null && request.expiresAtMs <= Date.now() - clockSkewMs) {
    throw refused("it has expired");
  }
  return request;
}
