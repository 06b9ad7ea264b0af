import { randomBytes } from "node:crypto";
import samlify from "samlify";
import { generate } from "selfsigned";

export interface IdentityProviderOptions {
  readonly entityId: string;
  /** Where it takes AuthnRequests by HTTP-Redirect. */
  readonly loginUrl: string;
  readonly serviceProvider: {
    readonly entityId: string;
    /** Its assertion consumer service: where answers are POSTed. */
    readonly callbackUrl: string;
  };
}

export interface AnswerOptions {
  /** The AuthnRequest's id; an empty string makes the unsolicited answer of an IdP-initiated login. */
  readonly requestId: string;
  /** Who has signed in. */
  readonly nameId: string;
  /** How long the assertion may be used; default 5 minutes. */
  readonly lifetimeMs?: number;
  /** `false`: only the assertion is signed. */
  readonly isMessageSigned?: boolean;
  /** Changes the XML before it is signed. */
  readonly edit?: (xml: string) => string;
}

/** samlify in the role of the identity provider. Its key is made when it starts and never leaves the process. */
export interface IdentityProvider {
  readonly entityId: string;
  readonly loginUrl: string;
  /** PEM, for node-saml's `idpCert`. */
  readonly certificate: string;
  /** The id of the AuthnRequest in this query string; rejects what is not one from our service provider. */
  readRequest(query: Readonly<Record<string, string>>): Promise<string>;
  /** A `SAMLResponse` field: Response and assertion both signed. */
  answer(options: AnswerOptions): Promise<string>;
  /** A `SAMLRequest` field: a signed LogoutRequest for all sessions of a person, for the address given. */
  logoutRequest(nameId: string, destination: string): string;
}

const post = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const emailAddress = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

export async function createIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  // samlify wants a schema validator; ours is a test IdP and the requests come from node-saml.
  samlify.setSchemaValidator({ validate: () => Promise.resolve("not checked") });
  const pair = await generate([{ name: "commonName", value: "Unstick test identity provider" }], {
    keySize: 2048,
    algorithm: "sha256",
  });
  const idp = samlify.IdentityProvider({
    entityID: options.entityId,
    signingCert: pair.cert,
    privateKey: pair.private,
    nameIDFormat: [emailAddress],
    singleSignOnService: [{ Binding: redirect, Location: options.loginUrl }],
    // Nobody calls it; without one samlify prints a warning.
    singleLogoutService: [{ Binding: redirect, Location: options.loginUrl }],
  });
  const [sp, lenientSp] = [partner(options, true), partner(options, false)];
  return {
    entityId: options.entityId,
    loginUrl: options.loginUrl,
    certificate: pair.cert,
    readRequest: async (query) => {
      const { extract } = await idp.parseLoginRequest(sp, "redirect", { query });
      const id = extract.request?.id;
      if (typeof id !== "string") throw new Error("the AuthnRequest has no ID");
      return id;
    },
    answer: async (answer) => {
      const customTagReplacement = (template: string) => fillTemplate(template, answer, options);
      const request = { extract: { request: { id: answer.requestId } } };
      const target = answer.isMessageSigned === false ? lenientSp : sp;
      const made = await idp.createLoginResponse(target, request, "post", {}, { customTagReplacement });
      return made.context;
    },
    logoutRequest: (nameId, destination) => {
      const customTagReplacement = () => logoutRequest(nameId, destination, options.entityId);
      return idp.createLogoutRequest(sp, "post", { logoutNameID: nameId }, { customTagReplacement }).context;
    },
  };
}

/** The service provider as the identity provider knows it. */
function partner(
  { serviceProvider: { entityId, callbackUrl } }: IdentityProviderOptions,
  wantMessageSigned: boolean,
): ReturnType<typeof samlify.ServiceProvider> {
  return samlify.ServiceProvider({
    entityID: entityId,
    wantAssertionsSigned: true,
    wantMessageSigned,
    wantLogoutRequestSigned: true,
    assertionConsumerService: [{ Binding: post, Location: callbackUrl }],
    singleLogoutService: [{ Binding: post, Location: callbackUrl }],
  });
}

function logoutRequest(nameId: string, destination: string, issuer: string): { id: string; context: string } {
  const [id, now] = [newId(), Date.now()];
  const [instant, until] = [new Date(now).toISOString(), new Date(now + 300_000).toISOString()];
  const context = `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${instant}" NotOnOrAfter="${until}" Destination="${destination}"><saml:Issuer>${issuer}</saml:Issuer><saml:NameID Format="${emailAddress}">${nameId}</saml:NameID></samlp:LogoutRequest>`;
  return { id, context };
}

/** samlify hands its template over and takes it back filled in. */
function fillTemplate(
  template: string,
  { requestId, nameId, lifetimeMs = 300_000, edit = (xml) => xml }: AnswerOptions,
  { entityId, serviceProvider }: IdentityProviderOptions,
): { id: string; context: string } {
  const now = Date.now();
  const id = newId();
  const expires = new Date(now + lifetimeMs).toISOString();
  const context = samlify.SamlLib.replaceTagsByValue(template, {
    ID: id,
    AssertionID: newId(),
    Destination: serviceProvider.callbackUrl,
    Audience: serviceProvider.entityId,
    SubjectRecipient: serviceProvider.callbackUrl,
    Issuer: entityId,
    IssueInstant: new Date(now).toISOString(),
    StatusCode: "urn:oasis:names:tc:SAML:2.0:status:Success",
    ConditionsNotBefore: new Date(now - 1_000).toISOString(),
    ConditionsNotOnOrAfter: expires,
    SubjectConfirmationDataNotOnOrAfter: expires,
    NameIDFormat: emailAddress,
    NameID: nameId,
    InResponseTo: requestId,
    AuthnStatement: "",
    AttributeStatement: "",
  });
  const whole = requestId === "" ? context.replaceAll(' InResponseTo=""', "") : context;
  return { id, context: edit(whole) };
}

/** 160 random bits, as SAML core 1.3.4 asks; an XML id may not begin with a digit. */
function newId(): string {
  return `_${randomBytes(20).toString("hex")}`;
}
