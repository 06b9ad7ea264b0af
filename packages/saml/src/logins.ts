import { RequestUsedError, SamlError } from "./errors.ts";
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
import { type LogoutArrival, LogoutEndpoint, type LogoutStep } from "./logout/logout-endpoint.ts";
import { readAnswer, type VerifiedAnswer } from "./message/answer.ts";
import { decodeXml, readField } from "./message/encoded.ts";
import type { SamlLogin } from "./message/login.ts";
import { checkWhole } from "./read-options.ts";
import { refusalsTold } from "./refusals.ts";

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
  /**
   * Remember our own LogoutRequest that the library has just made, by its id, before the browser is sent away with it:
   * the answer then counts on any instance, once. The session here is the application's to end.
   */
  beginLogout(requestId: string): Promise<void>;
  /**
   * The logout address: a signed LogoutRequest by Redirect, POST or SOAP, with or without a cookie, ends every session
   * that it names, wherever it was made; a signed LogoutResponse completes our own logout.
   */
  logout(arrival: LogoutArrival): Promise<LogoutStep>;
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
  const endpoint = new LogoutEndpoint(gate, library);
  const inScope = refusalsTold(scope);
  return {
    begin: (requestId, call) => inScope(() => beginLogin(gate, flow, flowOptions, requestId, call)),
    finish: (request) => inScope(() => consumer.consume(request)),
    link: (login, sessionId) => inScope(() => gate.sessions.link(login, sessionId)),
    beginLogout: (requestId) => inScope(() => rememberLogout(gate, requestId)),
    logout: (arrival) => inScope(() => endpoint.receive(arrival)),
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

async function rememberLogout({ logouts, options }: Gate, requestId: string): Promise<void> {
  if (!(await logouts.add(requestId, "", options.requestIdLifetimeMs))) throw new RequestUsedError();
}

/**
 * Both must take it, and read the same name in it: we in nothing but what was signed, and the library. It comes second,
 * so that its parser, which prints what it cannot read, meets nothing that just anybody sent.
 */
async function verifyAnswer(
  library: SamlLibrary,
  form: unknown,
  maxMessageBytes: number,
): Promise<VerifiedAnswer> {
  const field = readField(form, "SAMLResponse", maxMessageBytes);
  const xml = decodeXml(field);
  try {
    const answer = await readAnswer(xml, library.trust);
    const { nameId, attributes } = await library.validate(field);
    if (nameId !== answer.login.nameId.value) throw new Error("the library read another name");
    const login = { ...answer.login, attributes: (attributes ?? {}) as SamlLogin["attributes"] };
    return { ...answer, login };
  } catch (cause) {
    throw cause instanceof SamlError ? cause : new SamlError("refused", { cause });
  }
}
