import { SamlError } from "./errors.ts";
import { AssertionConsumer, type ConsumerRequest, type ConsumerStep } from "./flow/assertion-consumer.ts";
import { keepBrowser } from "./flow/browser-cookie.ts";
import { type FlowOptions, type ReadFlowOptions, readFlowOptions } from "./flow/flow-options.ts";
import { LoginFlow } from "./flow/login-flow.ts";
import { type Gate, openGate } from "./gate.ts";
import type { SamlLibrary } from "./library/saml-library.ts";
import { type Saml2ServiceProvider, saml2Library } from "./library/saml2-js.ts";
import {
  type SamlifyIdentityProvider,
  type SamlifyServiceProvider,
  samlifyLibrary,
} from "./library/samlify.ts";
import { readAnswer, readSignedLogoutRequest, type VerifiedAnswer } from "./message/answer.ts";
import { readField } from "./message/encoded.ts";
import type { SamlLogin } from "./message/login.ts";
import { refusalsTold } from "./protect.ts";
import { checkWhole } from "./read-options.ts";

export interface LoginsOptions extends FlowOptions {
  /** How far the identity provider's clock may differ, milliseconds; default 0. */
  readonly clockSkewMs?: number;
}

export interface SamlifyLoginsOptions extends LoginsOptions {
  readonly sp: SamlifyServiceProvider;
  readonly idp: SamlifyIdentityProvider;
}

export interface Saml2LoginsOptions extends LoginsOptions {
  readonly sp: Saml2ServiceProvider;
  readonly idp: object;
  /** The identity provider's entity id: saml2-js does not check who issued an assertion, only who signed it. */
  readonly idpEntityId: string;
}

export interface BeginCall {
  /** The request's Cookie header. */
  readonly cookie: string | undefined;
  /** Where the browser wants to be afterwards: anything; only a safe one is kept. */
  readonly target?: unknown;
  /** Whom to count this start against: an address, say. */
  readonly client?: string | undefined;
}

export interface EndedLogout {
  /** What the LogoutResponse answers. */
  readonly requestId: string;
  /** How many sessions were ended here. */
  readonly sessions: number;
}

/** The logins of a library that keeps no state: accepted once, bound to the browser, on whatever instance. */
export interface SamlLogins {
  /**
   * Remember the AuthnRequest that the library has just made, by its id, before the browser is sent away with it.
   * Answers the Set-Cookie line that goes along. Rejects with {@link SamlError} (`flood`) when too many begin.
   */
  begin(requestId: string, call: BeginCall): Promise<{ readonly cookie: string }>;
  /** The callback address, POST and GET. The library validates; what is believed is what was signed. */
  finish(request: ConsumerRequest): Promise<ConsumerStep>;
  /** Enter the session that `signIn` made, under its final id, so that a logout finds it. */
  link(login: SamlLogin, sessionId: string): Promise<void>;
  /** A signed LogoutRequest that was POSTed (`SAMLRequest` in the form): ends every session that it names. */
  logout(form: unknown): Promise<EndedLogout>;
}

/** For samlify 2.10 or later. Throws `OptionError` and `SamlVersionError` at start-up. */
export function samlifyLogins({ sp, idp, ...options }: SamlifyLoginsOptions): SamlLogins {
  return samlLogins((clockSkewMs) => samlifyLibrary(sp, idp, clockSkewMs), options);
}

/** For saml2-js 4.0.4 or later. Throws `OptionError` and `SamlVersionError` at start-up. */
export function saml2Logins({ sp, idp, idpEntityId, ...options }: Saml2LoginsOptions): SamlLogins {
  return samlLogins((clockSkewMs) => saml2Library(sp, idp, idpEntityId, clockSkewMs), options);
}

function samlLogins(
  open: (clockSkewMs: number) => SamlLibrary,
  { clockSkewMs = 0, ...options }: LoginsOptions,
): SamlLogins {
  checkWhole("clockSkewMs", clockSkewMs, 0, 3_600_000);
  const library = open(clockSkewMs);
  const { trust } = library;
  const { flow: flowOptions, rest } = readFlowOptions(options, trust.callbackUrl);
  const gate = openGate({ ...trust, asks: trust.issuer }, rest);
  const flow = new LoginFlow(gate, flowOptions);
  const { maxMessageBytes, scope } = gate.options;
  const verify = (form: unknown) => verifyAnswer(library, form, maxMessageBytes);
  const consumer = new AssertionConsumer(flow, flowOptions, trust.callbackUrl, verify);
  const inScope = refusalsTold(scope);
  return {
    begin: (requestId, call) => inScope(() => beginLogin(gate, flow, flowOptions, requestId, call)),
    finish: (request) => inScope(() => consumer.consume(request)),
    link: (login, sessionId) => inScope(() => gate.sessions.link(login, sessionId)),
    logout: (form) =>
      inScope(async () => {
        const xml = decodeXml(readField(form, "SAMLRequest", maxMessageBytes));
        const request = readSignedLogoutRequest(xml, trust);
        return { requestId: request.id, sessions: await gate.sessions.end(request) };
      }),
  };
}

async function beginLogin(
  gate: Gate,
  flow: LoginFlow,
  options: ReadFlowOptions,
  requestId: string,
  { cookie: header, target, client }: BeginCall,
): Promise<{ readonly cookie: string }> {
  const { secret, cookie } = keepBrowser(header, options, gate.options.requestIdLifetimeMs);
  await flow.begin({ requestId, browser: secret, target, client });
  return { cookie };
}

/** Both must take it, and read the same name in it: the library, and we in nothing but what was signed. */
async function verifyAnswer(
  library: SamlLibrary,
  form: unknown,
  maxMessageBytes: number,
): Promise<VerifiedAnswer> {
  const field = readField(form, "SAMLResponse", maxMessageBytes);
  const xml = decodeXml(field);
  try {
    const { nameId, attributes } = await library.validate(field);
    const answer = await readAnswer(xml, library.trust);
    if (nameId !== answer.login.nameId.value) throw new Error("the library read another name");
    const login = { ...answer.login, attributes: (attributes ?? {}) as SamlLogin["attributes"] };
    return { ...answer, login };
  } catch (cause) {
    throw cause instanceof SamlError ? cause : new SamlError("refused", { cause });
  }
}

/**
 * As an XML processor reads it: line ends are one character (XML 1.0, 2.11), which the digests cover. Document types
 * are refused before any library sees them; no SAML message has one.
 */
function decodeXml(field: string): string {
  const xml = Buffer.from(field, "base64").toString("utf8").replaceAll(/\r\n?/g, "\n");
  if (/<!DOCTYPE/i.test(xml)) throw new SamlError("malformed");
  return xml;
}
