import { randomBytes } from "node:crypto";
import samlify from "samlify";
import { generate } from "selfsigned";
import {
  callbackUrl as ownCallbackUrl,
  entityId as ownEntityId,
  logoutUrl as ownLogoutUrl,
} from "./service-provider.ts";

const idpEntityId = "urn:unstick:idp";
const nameIdFormat = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const binding = (name: "POST" | "Redirect"): string => `urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${name}`;

interface Answer {
  /** Empty: nobody asked. */
  readonly requestId: string;
  readonly nameId?: string;
  readonly sessionIndex?: string;
  readonly sessionNotOnOrAfter?: string;
  readonly lifetimeMs?: number;
  /** `false`: only the assertion is signed. */
  readonly isMessageSigned?: boolean;
  /** Changes the XML before it is signed. */
  readonly edit?: (xml: string) => string;
}

interface Logout {
  readonly nameId?: string;
  readonly sessionIndexes?: readonly string[];
  readonly id?: string;
  readonly edit?: (xml: string) => string;
}

/** samlify as an identity provider that also says the unusual, and signs it. */
export interface RealIdp {
  readonly entityId: string;
  readonly certificate: string;
  answer(answer: Answer): Promise<string>;
  logoutRequest(logout: Logout): string;
  /** The raw query of a LogoutRequest by HTTP-Redirect. */
  logoutRequestQuery(logout: Logout): string;
  logoutResponse(inResponseTo: string): string;
  logoutResponseQuery(inResponseTo: string): string;
}

export interface Partner {
  readonly callbackUrl: string;
  readonly logoutUrl: string;
}

const ownPartner: Partner = { callbackUrl: ownCallbackUrl, logoutUrl: ownLogoutUrl };

export async function startRealIdp(partner: Partner = ownPartner): Promise<RealIdp> {
  const { callbackUrl, logoutUrl } = partner;
  samlify.setSchemaValidator({ validate: () => Promise.resolve("not checked") });
  const pair = await generate([{ name: "commonName", value: "test" }], {
    keySize: 2048,
    algorithm: "sha256",
  });
  const idp = samlify.IdentityProvider({
    entityID: idpEntityId,
    signingCert: pair.cert,
    privateKey: pair.private,
    nameIDFormat: [nameIdFormat],
    requestSignatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    singleSignOnService: [{ Binding: binding("Redirect"), Location: "http://idp.test/login" }],
    singleLogoutService: [{ Binding: binding("Redirect"), Location: "http://idp.test/logout" }],
  });
  const spWith = (wantMessageSigned: boolean) =>
    samlify.ServiceProvider({
      entityID: ownEntityId,
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
  const [strict, lax] = [spWith(true), spWith(false)];
  const user = { logoutNameID: "", sessionIndex: "" };
  const asked = (id: string) => ({ extract: { request: { id } } });
  return {
    entityId: idpEntityId,
    certificate: pair.cert,
    answer: async (answer) => {
      const fill = (template: string) => fillAnswer(template, answer, partner);
      const target = answer.isMessageSigned === false ? lax : strict;
      const made = await idp.createLoginResponse(
        target,
        asked(answer.requestId),
        "post",
        {},
        {
          customTagReplacement: fill,
        },
      );
      return made.context;
    },
    logoutRequest: (logout) =>
      idp.createLogoutRequest(strict, "post", user, {
        customTagReplacement: () => logoutXml(logout, partner),
      }).context,
    logoutRequestQuery: (logout) =>
      queryOf(
        idp.createLogoutRequest(strict, "redirect", user, {
          customTagReplacement: () => logoutXml(logout, partner),
        }).context,
      ),
    logoutResponse: (id) =>
      idp.createLogoutResponse(strict, asked(id) as never, "post", {
        customTagReplacement: () => responseXml(id, partner),
      }).context,
    logoutResponseQuery: (id) =>
      queryOf(
        idp.createLogoutResponse(strict, asked(id) as never, "redirect", {
          customTagReplacement: () => responseXml(id, partner),
        }).context,
      ),
  };
}

function queryOf(url: string): string {
  return url.slice(url.indexOf("?") + 1);
}

function fillAnswer(
  template: string,
  answer: Answer,
  { callbackUrl }: Partner,
): { id: string; context: string } {
  const { requestId, nameId = "ada@example.org", lifetimeMs = 300_000, edit = (xml) => xml } = answer;
  const now = Date.now();
  const id = newId();
  const expires = new Date(now + lifetimeMs).toISOString();
  const ends = answer.sessionNotOnOrAfter ? ` SessionNotOnOrAfter="${answer.sessionNotOnOrAfter}"` : "";
  const statement = `<saml:AuthnStatement AuthnInstant="${new Date(now).toISOString()}" SessionIndex="${answer.sessionIndex ?? newId()}"${ends}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`;
  const context = samlify.SamlLib.replaceTagsByValue(template, {
    ID: id,
    AssertionID: newId(),
    Destination: callbackUrl,
    Audience: ownEntityId,
    SubjectRecipient: callbackUrl,
    Issuer: idpEntityId,
    IssueInstant: new Date(now).toISOString(),
    StatusCode: "urn:oasis:names:tc:SAML:2.0:status:Success",
    ConditionsNotBefore: new Date(now - 1_000).toISOString(),
    ConditionsNotOnOrAfter: expires,
    SubjectConfirmationDataNotOnOrAfter: expires,
    NameIDFormat: nameIdFormat,
    NameID: nameId,
    InResponseTo: requestId,
    AuthnStatement: "",
    AttributeStatement: "",
  }).replace("</saml:Assertion>", `${statement}</saml:Assertion>`);
  const whole = requestId === "" ? context.replaceAll(' InResponseTo=""', "") : context;
  return { id, context: edit(whole) };
}

function logoutXml(logout: Logout, { logoutUrl }: Partner) {
  const {
    nameId = "ada@example.org",
    sessionIndexes = [],
    id = newId(),
    edit = (xml: string) => xml,
  } = logout;
  const now = Date.now();
  const until = new Date(now + 300_000).toISOString();
  const indexes = sessionIndexes.map((index) => `<samlp:SessionIndex>${index}</samlp:SessionIndex>`).join("");
  const xml = `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${new Date(now).toISOString()}" NotOnOrAfter="${until}" Destination="${logoutUrl}"><saml:Issuer>${idpEntityId}</saml:Issuer><saml:NameID Format="${nameIdFormat}">${nameId}</saml:NameID>${indexes}</samlp:LogoutRequest>`;
  return { id, context: edit(xml) };
}

function responseXml(inResponseTo: string, { logoutUrl }: Partner) {
  const id = newId();
  const context = `<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${new Date().toISOString()}" Destination="${logoutUrl}" InResponseTo="${inResponseTo}"><saml:Issuer>${idpEntityId}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status></samlp:LogoutResponse>`;
  return { id, context };
}

function newId(): string {
  return `_${randomBytes(20).toString("hex")}`;
}
