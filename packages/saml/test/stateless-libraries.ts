import saml2 from "saml2-js";
import samlify from "samlify";
import {
  type LoginsOptions,
  type SamlLogins,
  type StateSource,
  saml2Logins,
  samlifyLogins,
} from "../src/index.ts";
import type { SamlLibrary } from "../src/library/saml-library.ts";
import { samlifyLibrary } from "../src/library/samlify.ts";
import type { RealIdp } from "./real-idp.ts";
import { callbackUrl, entityId, logoutUrl } from "./service-provider.ts";

const binding = (name: string): string => `urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${name}`;

/** One instance of a service provider with a library that keeps nothing. */
export interface Instance {
  readonly logins: SamlLogins;
  /** An AuthnRequest by the library: its id, and where the browser takes it. */
  ask(): Promise<{ readonly id: string; readonly url: string }>;
  /** The library by itself: rejects what it refuses. */
  validateAlone(SAMLResponse: string): Promise<unknown>;
  /** A LogoutRequest by the library. */
  askLogout(nameId: string, sessionIndex: string): Promise<{ readonly id: string; readonly url: string }>;
  /** The library's answer to a LogoutRequest: where the browser takes it. */
  answerLogout(requestId: string, relayState: string): Promise<string>;
}

export type MakeInstance = (
  idp: Pick<RealIdp, "entityId" | "certificate">,
  state: StateSource,
  options?: Partial<LoginsOptions> & Keys,
) => Instance;

/** Of the service provider, PEM. */
interface Keys {
  readonly decryptionKey?: string;
  readonly signingKey?: string;
}

function samlifyParties(
  idp: Pick<RealIdp, "entityId" | "certificate">,
  { decryptionKey, signingKey }: Keys = {},
) {
  samlify.setSchemaValidator({ validate: () => Promise.resolve("not checked") });
  const sp = samlify.ServiceProvider({
    entityID: entityId,
    ...(decryptionKey !== undefined && { encPrivateKey: decryptionKey }),
    ...(signingKey !== undefined && { privateKey: signingKey }),
    assertionConsumerService: [{ Binding: binding("POST"), Location: callbackUrl }],
    singleLogoutService: [{ Binding: binding("POST"), Location: logoutUrl }],
  });
  const partner = samlify.IdentityProvider({
    entityID: idp.entityId,
    signingCert: idp.certificate,
    isAssertionEncrypted: decryptionKey !== undefined,
    singleSignOnService: [{ Binding: binding("Redirect"), Location: "http://idp.test/login" }],
    singleLogoutService: [{ Binding: binding("Redirect"), Location: "http://idp.test/logout" }],
  });
  return { sp, partner };
}

export function samlifyLibraryOf(idp: RealIdp): SamlLibrary {
  const { sp, partner } = samlifyParties(idp);
  return samlifyLibrary(sp, partner, 0);
}

export const samlifyInstance: MakeInstance = (idp, state, { decryptionKey, signingKey, ...options } = {}) => {
  const keys = { ...(decryptionKey && { decryptionKey }), ...(signingKey && { signingKey }) };
  const { sp, partner } = samlifyParties(idp, keys);
  return {
    logins: samlifyLogins({ sp, idp: partner, state, ...options }),
    ask: async () => {
      const { id, context } = sp.createLoginRequest(partner, "redirect");
      return { id, url: context };
    },
    validateAlone: (SAMLResponse) => sp.parseLoginResponse(partner, "post", { body: { SAMLResponse } }),
    askLogout: async (logoutNameID, sessionIndex) => {
      const { id, context } = sp.createLogoutRequest(partner, "redirect", { logoutNameID, sessionIndex });
      return { id, url: context };
    },
    answerLogout: async (id, relayState) =>
      sp.createLogoutResponse(partner, { extract: { request: { id } } } as never, "redirect", { relayState })
        .context,
  };
};

export const saml2Instance: MakeInstance = (idp, state, { decryptionKey, signingKey, ...options } = {}) => {
  const sp = new saml2.ServiceProvider({
    entity_id: entityId,
    private_key: decryptionKey ?? signingKey ?? "",
    certificate: "",
    assert_endpoint: callbackUrl,
    allow_unencrypted_assertion: decryptionKey === undefined,
  });
  const partner = new saml2.IdentityProvider({
    sso_login_url: "http://idp.test/login",
    sso_logout_url: "http://idp.test/logout",
    certificates: [idp.certificate],
  });
  return {
    logins: saml2Logins({ sp, idp: partner, idpEntityId: idp.entityId, state, ...options }),
    ask: () =>
      new Promise((resolve, reject) => {
        sp.create_login_request_url(partner, {}, (error, url, id) =>
          error ? reject(error) : resolve({ id, url }),
        );
      }),
    validateAlone: (SAMLResponse) =>
      new Promise((resolve, reject) => {
        sp.post_assert(partner, { request_body: { SAMLResponse } }, (error, found) =>
          error ? reject(error) : resolve(found),
        );
      }),
    askLogout: (name_id, session_index) =>
      new Promise((resolve, reject) => {
        sp.create_logout_request_url(partner, { name_id, session_index }, (error, url, id) =>
          error ? reject(error) : resolve({ id, url }),
        );
      }),
    answerLogout: (in_response_to, relay_state) =>
      new Promise((resolve, reject) => {
        sp.create_logout_response_url(partner, { in_response_to, relay_state }, (error, url) =>
          error ? reject(error) : resolve(url),
        );
      }),
  };
};

/** As the logout address gets it. */
export function posted(form: object): { method: string; url: string; form: object } {
  return { method: "POST", url: "/logout", form };
}

export function redirected(query: string): { method: string; url: string } {
  return { method: "GET", url: `/logout?${query}` };
}

/** A browser in the hands of a test: its cookie, and what became of its login. */
export interface Visitor {
  readonly requestId: string;
  readonly cookie: string;
}

export async function beginAt(instance: Instance, target?: string): Promise<Visitor> {
  const { id } = await instance.ask();
  const { cookie } = await instance.logins.begin(id, { cookie: undefined, target });
  return { requestId: id, cookie: cookie.split(";")[0] ?? "" };
}

/** The POST, and the GET that its redirect leads to on another instance: who was accepted, or the code of the refusal. */
export async function finishAt(
  at: Instance,
  back: Instance,
  SAMLResponse: unknown,
  cookie: string | undefined,
): Promise<string> {
  try {
    const form = { SAMLResponse };
    const posted = await at.logins.finish({ method: "POST", url: "/acs", cookie: undefined, form });
    const { pathname, search } = new URL(posted.location);
    const end = await back.logins.finish({ method: "GET", url: `${pathname}${search}`, cookie });
    return end.kind === "accepted" ? `accepted ${end.login.nameId.value}` : `${end.kind} ${end.location}`;
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error);
  }
}
