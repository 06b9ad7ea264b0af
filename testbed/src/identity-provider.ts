import samlify from "samlify";
import { generate } from "selfsigned";
import {
  type AnswerOptions,
  answerXml,
  emailAddress,
  type LogoutOptions,
  logoutRequestXml,
  logoutResponseXml,
  type Parties,
} from "./saml-messages.ts";

export interface IdentityProviderOptions {
  readonly entityId: string;
  /** Where it takes AuthnRequests by HTTP-Redirect. */
  readonly loginUrl: string;
  /** Where it takes logout messages by HTTP-Redirect; default: `loginUrl`. */
  readonly logoutUrl?: string;
  readonly serviceProvider: {
    readonly entityId: string;
    /** Its assertion consumer service: where answers are POSTed. */
    readonly callbackUrl: string;
    /** Where it takes logout messages, by POST and by Redirect; default: `callbackUrl`. */
    readonly logoutUrl?: string;
  };
}

/** A query string, parsed. */
type Query = Readonly<Record<string, string>>;

/** samlify in the role of the identity provider. Its key is made when it starts and never leaves the process. */
export interface IdentityProvider {
  readonly entityId: string;
  readonly loginUrl: string;
  readonly logoutUrl: string;
  /** PEM, for node-saml's `idpCert`. */
  readonly certificate: string;
  /** The id of the AuthnRequest in this query string; rejects what is not one from our service provider. */
  readRequest(query: Query): Promise<string>;
  /** The id of the LogoutRequest in this query string; rejects what is not one from our service provider. */
  readLogoutRequest(query: Query): Promise<string>;
  /** A `SAMLResponse` field: Response and assertion both signed. */
  answer(options: AnswerOptions): Promise<string>;
  /** A `SAMLRequest` field: a signed LogoutRequest. */
  logoutRequest(options: LogoutOptions): string;
  /** The raw query of one by HTTP-Redirect. */
  logoutRequestQuery(options: LogoutOptions): string;
  /** A `SAMLResponse` field: the signed answer to the service provider's own LogoutRequest. */
  logoutResponse(inResponseTo: string): string;
  /** The raw query of one by HTTP-Redirect; `relayState` as the request brought it. */
  logoutResponseQuery(inResponseTo: string, relayState?: string): string;
}

const binding = (name: "POST" | "Redirect"): string => `urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${name}`;

/** Logout messages are written whole, so samlify is told nobody's name. */
const nobody = { logoutNameID: "", sessionIndex: "" };

export async function createIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  // samlify wants a schema validator; ours is a test IdP and the requests come from node-saml.
  samlify.setSchemaValidator({ validate: () => Promise.resolve("not checked") });
  const pair = await generate([{ name: "commonName", value: "Unstick test identity provider" }], {
    keySize: 2048,
    algorithm: "sha256",
  });
  const { entityId, loginUrl, logoutUrl = loginUrl } = options;
  const idp = samlify.IdentityProvider({
    entityID: entityId,
    signingCert: pair.cert,
    privateKey: pair.private,
    nameIDFormat: [emailAddress],
    requestSignatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    singleSignOnService: [{ Binding: binding("Redirect"), Location: loginUrl }],
    singleLogoutService: [{ Binding: binding("Redirect"), Location: logoutUrl }],
  });
  const sp = partner(options, true);
  return {
    entityId,
    loginUrl,
    logoutUrl,
    certificate: pair.cert,
    readRequest: async (query) => idOf((await idp.parseLoginRequest(sp, "redirect", { query })).extract),
    readLogoutRequest: async (query) =>
      idOf((await idp.parseLogoutRequest(sp, "redirect", { query })).extract),
    ...answers(idp, options),
    ...logouts(idp, sp, partiesOf(options)),
  };
}

type Idp = ReturnType<typeof samlify.IdentityProvider>;
type Sp = ReturnType<typeof samlify.ServiceProvider>;

function answers(idp: Idp, options: IdentityProviderOptions): Pick<IdentityProvider, "answer"> {
  const [sp, lenientSp] = [partner(options, true), partner(options, false)];
  const parties = partiesOf(options);
  return {
    answer: async (answer) => {
      const customTagReplacement = (template: string) => answerXml(template, answer, parties);
      const target = answer.isMessageSigned === false ? lenientSp : sp;
      const asked = requestOf(answer.requestId);
      const made = await idp.createLoginResponse(target, asked, "post", {}, { customTagReplacement });
      return made.context;
    },
  };
}

function logouts(
  idp: Idp,
  sp: Sp,
  parties: Parties,
): Pick<IdentityProvider, "logoutRequest" | "logoutRequestQuery" | "logoutResponse" | "logoutResponseQuery"> {
  const request = (by: "post" | "redirect", logout: LogoutOptions): string =>
    idp.createLogoutRequest(sp, by, nobody, { customTagReplacement: () => logoutRequestXml(logout, parties) })
      .context;
  const response = (by: "post" | "redirect", id: string, relayState = ""): string =>
    idp.createLogoutResponse(sp, requestOf(id) as never, by, {
      relayState,
      customTagReplacement: () => logoutResponseXml(id, parties),
    }).context;
  return {
    logoutRequest: (logout) => request("post", logout),
    logoutRequestQuery: (logout) => queryOf(request("redirect", logout)),
    logoutResponse: (id) => response("post", id),
    logoutResponseQuery: (id, relayState) => queryOf(response("redirect", id, relayState)),
  };
}

/** The service provider as the identity provider knows it. */
function partner({ serviceProvider }: IdentityProviderOptions, wantMessageSigned: boolean): Sp {
  const { entityId, callbackUrl, logoutUrl = callbackUrl } = serviceProvider;
  return samlify.ServiceProvider({
    entityID: entityId,
    wantAssertionsSigned: true,
    wantMessageSigned,
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    assertionConsumerService: [{ Binding: binding("POST"), Location: callbackUrl }],
    singleLogoutService: [
      { Binding: binding("POST"), Location: logoutUrl },
      { Binding: binding("Redirect"), Location: logoutUrl },
    ],
  });
}

function partiesOf({ entityId, serviceProvider }: IdentityProviderOptions): Parties {
  const { entityId: audience, callbackUrl, logoutUrl = callbackUrl } = serviceProvider;
  return { issuer: entityId, audience, callbackUrl, logoutUrl };
}

/** A request as samlify wants it when it makes the answer. */
function requestOf(id: string): { extract: { request: { id: string } } } {
  return { extract: { request: { id } } };
}

function idOf(extract: { readonly request?: { readonly id?: unknown } }): string {
  const id = extract.request?.id;
  if (typeof id !== "string") throw new Error("the request has no ID");
  return id;
}

function queryOf(url: string): string {
  return url.slice(url.indexOf("?") + 1);
}
