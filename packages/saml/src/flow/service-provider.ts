import { OptionError } from "@unstick/session";
import { SamlError } from "../errors.ts";
import { type Gate, openGate, partyOf } from "../gate.ts";
import type { Body } from "../http/read-form.ts";
import { BackChannel } from "../logout/back-channel.ts";
import { settleLogout } from "../logout/settle-logout.ts";
import type { VerifiedAnswer } from "../message/answer.ts";
import { rawQuery } from "../message/encoded.ts";
import { assertSoundLibrary } from "../message/library.ts";
import type { SamlLogin } from "../message/login.ts";
import { answerableState, type FoundMessage, findLogoutMessage } from "../message/logout-message.ts";
import type { NodeSaml } from "../message/node-saml.ts";
import { validateEnveloped, validateLogout, validatePostResponse } from "../message/validate.ts";
import { xmlToolsOf } from "../message/verified-xml.ts";
import { guard } from "../protect.ts";
import { refusalsTold } from "../refusals.ts";
import { AssertionConsumer, type ConsumerRequest } from "./assertion-consumer.ts";
import { keepBrowser } from "./browser-cookie.ts";
import { type FlowOptions, type ReadFlowOptions, readFlowOptions } from "./flow-options.ts";
import { createHandle, LoginFlow } from "./login-flow.ts";
import { SessionLinks } from "./session-links.ts";

/** What of a request the routes read, in any framework. */
export interface SamlRequest extends Omit<ConsumerRequest, "form"> {
  body(): Promise<Body>;
  /** Whose address it is, for the bound on login starts. */
  readonly client: string | undefined;
}

/** What a route answers with. `login`: the framework makes the session before it sends the rest. */
export interface SamlReply {
  readonly status: number;
  readonly location?: string;
  readonly body?: string;
  readonly type?: "html" | "xml" | "text/xml";
  readonly cookie?: string;
  readonly login?: SamlLogin;
}

/** A principal as node-saml's getLogoutUrlAsync wants it. */
export interface LogoutUser {
  issuer: string;
  nameID: string;
  nameIDFormat: string;
  nameQualifier?: string;
  spNameQualifier?: string;
  sessionIndex?: string;
}

/** Of node-saml's `SAML`: what makes requests. */
export interface RequestMaker extends NodeSaml {
  getAuthorizeUrlAsync(relayState: string, host: string | undefined, options: object): Promise<string>;
  getAuthorizeFormAsync(relayState: string, host?: string): Promise<string>;
  getLogoutUrlAsync(user: LogoutUser, relayState: string, options: object): Promise<string>;
  getLogoutResponseUrlAsync(
    request: object,
    relayState: string,
    options: object,
    isSuccess: boolean,
  ): Promise<string>;
  generateServiceProviderMetadata(decryptionCert: string | null, signingCert?: string | null): string;
}

/** The routes of a service provider, without a framework. */
export class ServiceProvider {
  readonly gate: Gate;
  readonly links: SessionLinks;
  readonly #saml: RequestMaker;
  readonly #guarded: RequestMaker;
  readonly #flow: LoginFlow;
  readonly #consumer: AssertionConsumer;
  readonly #backChannel: BackChannel;
  readonly #options: ReadFlowOptions;
  readonly #inScope: ReturnType<typeof refusalsTold>;

  constructor(saml: RequestMaker, options: FlowOptions) {
    const tools = xmlToolsOf(assertSoundLibrary(saml));
    const { flow, rest } = readFlowOptions(options, saml.options.callbackUrl);
    this.gate = openGate(partyOf(saml), rest);
    this.links = new SessionLinks(this.gate);
    this.#saml = saml;
    this.#guarded = guard(saml, this.gate);
    this.#options = flow;
    this.#flow = new LoginFlow(this.gate, flow);
    this.#consumer = new AssertionConsumer(this.#flow, flow, saml.options.callbackUrl, (form) =>
      this.#verify(form),
    );
    this.#inScope = refusalsTold(this.gate.options.scope);
    const { maxMessageBytes } = this.gate.options;
    const { privateKey } = saml.options as { readonly privateKey?: string | Buffer };
    this.#backChannel = new BackChannel({
      gate: this.gate,
      tools,
      entityId: saml.options.issuer,
      signingKey: privateKey?.toString(),
      verify: (xml) => validateEnveloped(saml, xml, maxMessageBytes),
    });
  }

  /** To the identity provider. `?returnTo=` says where the browser wants to be afterwards. */
  login(request: SamlRequest): Promise<SamlReply> {
    return this.#inScope(async () => {
      const { secret, cookie } = keepBrowser(
        request.cookie,
        this.#options,
        this.gate.options.requestIdLifetimeMs,
      );
      const target = new URLSearchParams(rawQuery(request.url)).get("returnTo") ?? undefined;
      const saveAsync = (requestId: string) =>
        this.#flow.begin({ requestId, browser: secret, target, client: request.client });
      const maker = Object.create(this.#guarded, {
        cacheProvider: { value: { saveAsync } },
      }) as RequestMaker;
      const { authnRequestBinding } = this.#saml.options as { readonly authnRequestBinding?: string };
      if (authnRequestBinding === "HTTP-POST") {
        return { status: 200, type: "html", body: await maker.getAuthorizeFormAsync(createHandle()), cookie };
      }
      return {
        status: 302,
        location: await maker.getAuthorizeUrlAsync(createHandle(), undefined, {}),
        cookie,
      };
    });
  }

  /** POST: the identity provider's answer. GET: the browser comes back with its ticket. */
  acs(request: SamlRequest): Promise<SamlReply> {
    return this.#inScope(async () => {
      const { method, url, cookie } = request;
      const { form } = await request.body();
      const step = await this.#consumer.consume({ method, url, cookie, form });
      const reply = { status: 303, location: step.location };
      return step.kind === "accepted" ? { ...reply, login: step.login } : reply;
    });
  }

  async #verify(form: unknown): Promise<VerifiedAnswer> {
    const message = await validatePostResponse(this.#saml, form, this.gate.options.maxMessageBytes);
    if (message.kind !== "login") throw new SamlError("refused");
    return { login: message.login, proof: message.result.profile?.getAssertionXml?.() ?? createHandle() };
  }

  /**
   * A LogoutRequest or LogoutResponse of the identity provider, by Redirect, POST or SOAP, with or without a cookie;
   * or, when there is neither, the start of our own logout: `user` is who is signed in here.
   */
  logout(request: SamlRequest, user: LogoutUser | undefined): Promise<SamlReply> {
    return this.#inScope(async () => {
      const { form, soap } = await request.body();
      if (soap !== undefined) return { ...(await this.#backChannel.logout(soap)), type: "text/xml" };
      const found = findLogoutMessage({ method: request.method, url: request.url, form });
      if (found !== undefined) return this.#logoutBy(found);
      if (user === undefined) return { status: 303, location: this.#options.defaultTarget };
      return { status: 302, location: await this.#guarded.getLogoutUrlAsync(user, createHandle(), {}) };
    });
  }

  async #logoutBy(found: FoundMessage): Promise<SamlReply> {
    const message = await validateLogout(this.#saml, found, this.gate.options.maxMessageBytes);
    await settleLogout(this.gate, message);
    if (message.kind === "logout-response") return { status: 303, location: this.#options.defaultTarget };
    const answered = { ID: message.request.id };
    const state = answerableState(found.relayState);
    return {
      status: 302,
      location: await this.#saml.getLogoutResponseUrlAsync(answered, state, {}, true),
    };
  }

  /** `decryptionCert`: the certificate that goes with node-saml's `decryptionPvk`. */
  metadata(decryptionCert: string | null = null): SamlReply {
    // With a privateKey node-saml makes no metadata without the certificate that goes with it.
    const { publicCert = null, decryptionPvk } = this.#saml.options as {
      readonly publicCert?: string;
      readonly decryptionPvk?: unknown;
    };
    if (decryptionPvk !== undefined && decryptionCert === null) {
      throw new OptionError("decryptionCert", "is needed for the metadata, as there is a decryptionPvk");
    }
    return {
      status: 200,
      type: "xml",
      body: this.#saml.generateServiceProviderMetadata(decryptionCert, publicCert),
    };
  }
}
