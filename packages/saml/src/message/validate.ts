import { SamlError } from "../errors.ts";
import { readField, readRedirect } from "./encoded.ts";
import { readLogin, type SamlLogin } from "./login.ts";
import type { FoundMessage, LogoutMessage } from "./logout-message.ts";
import { checkLogoutDestination, readLogoutRequest } from "./logout-request.ts";
import type { NameId } from "./name-id.ts";
import {
  type NodeSaml,
  type NodeSamlProfile,
  type NodeSamlResult,
  readDocument,
  type Steps,
  validatorOf,
} from "./node-saml.ts";
import { checkSignedResponse, checkSuccess } from "./response.ts";
import { attribute, type XmlNode } from "./xml-node.ts";

/** A message whose signature node-saml has verified. `result` is what node-saml's own method would answer. */
export type Validated =
  | { readonly kind: "login"; readonly login: SamlLogin; readonly result: NodeSamlResult }
  | { readonly kind: "no-login"; readonly result: NodeSamlResult }
  | (LogoutMessage & { readonly result: NodeSamlResult });

/** A `SAMLResponse` that was POSTed: an answer to an AuthnRequest or to a LogoutRequest. Claims nothing. */
export async function validatePostResponse(
  saml: NodeSaml,
  container: unknown,
  maxMessageBytes: number,
): Promise<Validated> {
  const SAMLResponse = readField(container, "SAMLResponse", maxMessageBytes);
  let signedXml = "";
  const validator = validatorOf(saml, (original) => ({
    async getSignedAssertion(this: Steps, xml) {
      signedXml = xml;
      return original.getSignedAssertion.call(this, xml);
    },
  }));
  const result = await byNodeSaml(() => validator.validatePostResponseAsync({ SAMLResponse }));
  if (result.loggedOut) {
    const xml = Buffer.from(SAMLResponse, "base64").toString("utf8");
    return readLogoutResponse(saml, await byNodeSaml(() => readDocument(saml, xml)), result);
  }
  if (result.profile === null) return { kind: "no-login", result };
  const message = child0(await byNodeSaml(() => readDocument(saml, signedXml)), "Response");
  if (message !== undefined) checkSignedResponse(message, saml.options.callbackUrl);
  return { kind: "login", login: loginOf(saml, result.profile), result };
}

function loginOf(saml: NodeSaml, profile: NodeSamlProfile): SamlLogin {
  const assertion = child0((profile.getAssertion?.() ?? {}) as XmlNode, "Assertion");
  if (assertion === undefined) throw new SamlError("refused");
  const inResponseTo = typeof profile.inResponseTo === "string" ? profile.inResponseTo : null;
  const attributes = (profile.attributes ?? {}) as Readonly<Record<string, unknown>>;
  return readLogin(assertion, inResponseTo, attributes, {
    callbackUrl: saml.options.callbackUrl,
    clockSkewMs: saml.options.acceptedClockSkewMs,
    nowMs: Date.now(),
  });
}

/** A `SAMLRequest` that was POSTed, by a browser or by the identity provider itself. */
export async function validatePostRequest(
  saml: NodeSaml,
  container: unknown,
  maxMessageBytes: number,
): Promise<Validated> {
  const SAMLRequest = readField(container, "SAMLRequest", maxMessageBytes);
  return logoutRequestBy(saml, (validator) => validator.validatePostRequestAsync({ SAMLRequest }));
}

/** A LogoutRequest or LogoutResponse by HTTP-Redirect. `query`: the raw query, which the signature covers. */
export async function validateRedirect(
  saml: NodeSaml,
  query: string,
  maxMessageBytes: number,
): Promise<Validated> {
  const { kind, container } = readRedirect(query, maxMessageBytes);
  if (kind === "SAMLRequest") {
    return logoutRequestBy(saml, (validator) => validator.validateRedirectAsync(container as never, query));
  }
  let document: XmlNode = {};
  const validator = validatorOf(saml, (original) => ({
    async verifyLogoutResponse(this: Steps, read) {
      document = read;
      await original.verifyLogoutResponse.call(this, read);
    },
  }));
  const result = await byNodeSaml(() => validator.validateRedirectAsync(container as never, query));
  return readLogoutResponse(saml, document, result);
}

/** A message to the logout address; anything but a message of a logout is refused. */
export async function validateLogout(
  saml: NodeSaml,
  found: FoundMessage,
  maxMessageBytes: number,
): Promise<LogoutMessage> {
  if (found.binding === "redirect")
    return onlyLogout(await validateRedirect(saml, found.query, maxMessageBytes));
  const validate = found.name === "SAMLRequest" ? validatePostRequest : validatePostResponse;
  return onlyLogout(await validate(saml, found.form, maxMessageBytes));
}

/** A message from the body of an envelope of at most `maxMessageBytes`; base64 is a third longer than that. */
export async function validateEnveloped(
  saml: NodeSaml,
  xml: string,
  maxMessageBytes: number,
): Promise<LogoutMessage> {
  const SAMLRequest = Buffer.from(xml).toString("base64");
  return onlyLogout(await validatePostRequest(saml, { SAMLRequest }, 2 * maxMessageBytes));
}

function onlyLogout(message: Validated): LogoutMessage {
  if (message.kind === "logout-request" || message.kind === "logout-response") return message;
  throw new SamlError("refused", { cause: new Error("it is no message of a logout") });
}

function readLogoutResponse(saml: NodeSaml, document: XmlNode, result: NodeSamlResult): Validated {
  const response = child0(document, "LogoutResponse");
  const inResponseTo = attribute(response, "InResponseTo");
  if (inResponseTo === undefined) throw new SamlError("unsolicited");
  checkSuccess(response, "LogoutResponse");
  checkLogoutDestination(response, saml.options.callbackUrl);
  return { kind: "logout-response", inResponseTo, result };
}

async function logoutRequestBy(
  saml: NodeSaml,
  validate: (validator: NodeSaml) => Promise<NodeSamlResult>,
): Promise<Validated> {
  let document: XmlNode = {};
  const validator = validatorOf(saml, (original) => ({
    processValidlySignedPostRequestAsync(this: Steps, read, dom) {
      document = read;
      return original.processValidlySignedPostRequestAsync.call(this, read, dom);
    },
  }));
  const result = await byNodeSaml(() => validate(validator));
  const read = child0(document, "LogoutRequest");
  const request = readLogoutRequest(read, saml.options.callbackUrl, decryptedNameId(result));
  return { kind: "logout-request", request, result };
}

/** node-saml decrypts an EncryptedID and gives its value and format, without qualifiers. */
function decryptedNameId({ profile }: NodeSamlResult): NameId | undefined {
  if (typeof profile?.nameID !== "string") return undefined;
  const { nameID: value, nameIDFormat: format } = profile;
  return typeof format === "string" ? { value, format } : { value };
}

function child0(document: XmlNode, name: string): XmlNode | undefined {
  const found = Object.hasOwn(document, name) ? document[name] : undefined;
  return typeof found === "object" && found !== null ? (found as XmlNode) : undefined;
}

/** Whatever node-saml throws becomes one typed error, with its own as the cause. */
async function byNodeSaml<Value>(step: () => Promise<Value>): Promise<Value> {
  try {
    return await step();
  } catch (cause) {
    throw cause instanceof SamlError ? cause : new SamlError("refused", { cause });
  }
}
