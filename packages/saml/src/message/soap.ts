import { SamlError } from "../errors.ts";
import { checkMessage } from "./encoded.ts";
import { childElements, parseXml, type XmlElement, type XmlTools } from "./verified-xml.ts";

/** SOAP 1.1, which the SAML SOAP binding is defined for (bindings 3.2). */
const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";

/** The one message in the body of an envelope, as XML of its own. Throws {@link SamlError} (`malformed`). */
export function openEnvelope(tools: XmlTools, xml: string, maxMessageBytes: number): string {
  checkMessage(xml, maxMessageBytes);
  const envelope = parseXml(tools, xml);
  const [body, ...bodies] = childElements(envelope, "Body");
  const isSoap = [envelope, body].every((part) => part?.namespaceURI === SOAP);
  if (envelope.localName !== "Envelope" || body === undefined || bodies.length > 0 || !isSoap) {
    throw new SamlError("malformed");
  }
  const [message, ...others] = elementsOf(body);
  if (message === undefined || others.length > 0) throw new SamlError("malformed");
  return message.toString();
}

function elementsOf({ childNodes }: XmlElement): readonly XmlElement[] {
  return Array.from(childNodes ?? []).filter(({ nodeType }) => nodeType === 1);
}

export function makeEnvelope(message: string): string {
  return `<soap:Envelope xmlns:soap="${SOAP}"><soap:Body>${message}</soap:Body></soap:Envelope>`;
}

/** `code`: stable and without identifiers. */
export function makeFault(isOurFault: boolean, code: string): string {
  const side = isOurFault ? "Server" : "Client";
  return makeEnvelope(
    `<soap:Fault><faultcode>soap:${side}</faultcode><faultstring>${code}</faultstring></soap:Fault>`,
  );
}
