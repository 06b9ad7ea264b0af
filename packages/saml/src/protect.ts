import { OptionError } from "@unstick/session";
import { type CacheItem, pendingLogins, requestCache, type SharedCacheProvider } from "./cache-provider.ts";
import { SamlError } from "./errors.ts";
import { emit } from "./events.ts";
import { type Gate, openGate, partyOf } from "./gate.ts";
import { settleLogout } from "./logout/settle-logout.ts";
import { assertSoundLibrary } from "./message/library.ts";
import type { SamlLogin } from "./message/login.ts";
import type { NodeSaml, NodeSamlResult } from "./message/node-saml.ts";
import {
  type Validated,
  validatePostRequest,
  validatePostResponse,
  validateRedirect,
} from "./message/validate.ts";
import type { PendingLogins } from "./pending-logins.ts";
import type { ProtectOptions } from "./protect-options.ts";
import { refusalsTold } from "./refusals.ts";

interface Requesting {
  getLogoutUrlAsync(...call: never[]): Promise<string>;
}

/**
 * node-saml with its holes closed: the object that comes back has the methods of the one that was given, and is
 * put in its place. Each answer is accepted once, on whatever instance, and only if it is ours.
 *
 * Throws {@link SamlVersionError} for a release with known holes and for the abandoned `passport-saml`.
 */
export function protect<Saml extends NodeSaml>(saml: Saml, options: ProtectOptions): Saml {
  assertSoundLibrary(saml);
  return guard(saml, openGate(partyOf(saml), options));
}

/** `pending`: the bound on logins, where several objects stand for one service provider. */
export function guard<Saml extends NodeSaml>(
  saml: Saml,
  gate: Gate,
  pending: PendingLogins = pendingLogins(gate.options),
): Saml {
  const { maxMessageBytes, requestIdLifetimeMs, scope } = gate.options;
  const inScope = refusalsTold(scope);
  const requests = requestCache(gate.claims.requests, gate.options, pending);
  const own = {
    options: {
      ...saml.options,
      validateInResponseTo: "always",
      requestIdExpirationPeriodMs: requestIdLifetimeMs,
    },
    cacheProvider: {
      ...requests,
      saveAsync: (id: string, value: string) =>
        inScope(async () => {
          const saved = await requests.saveAsync(id, value);
          emit("begun", { scope });
          return saved;
        }),
    },
    validatePostResponseAsync: (container: unknown) =>
      inScope(async () => accept(gate, await validatePostResponse(saml, container, maxMessageBytes))),
    validatePostRequestAsync: (container: unknown) =>
      inScope(async () => accept(gate, await validatePostRequest(saml, container, maxMessageBytes))),
    validateRedirectAsync: (_container: unknown, query: string) =>
      inScope(async () => accept(gate, await validateRedirect(saml, query, maxMessageBytes))),
    getLogoutUrlAsync(this: Saml, ...call: never[]): Promise<string> {
      const requesting = Object.create(this, { cacheProvider: { value: logoutIds(gate) } }) as Saml;
      return (saml as Saml & Requesting).getLogoutUrlAsync.apply(requesting, call);
    },
  };
  const descriptors = Object.entries(own).map(([name, value]) => [name, { value, writable: true }] as const);
  return Object.create(saml, Object.fromEntries(descriptors)) as Saml;
}

const logins = new WeakMap<object, { readonly login: SamlLogin; readonly gate: Gate }>();

/** What the assertion behind a profile says, for a profile that {@link protect} has accepted. */
export function loginOf(profile: object): SamlLogin | undefined {
  return logins.get(profile)?.login;
}

/**
 * Enter a session, under its final id, in the index that the identity provider's logouts read. For passport: in
 * the verify callback's request, or after `req.login`. Throws {@link SamlError} (`logged_out`), and ends the
 * session, when the logout came first; {@link OptionError} for a profile that `protect` has not accepted.
 */
export async function linkSession(profile: object, sessionId: string): Promise<void> {
  const accepted = logins.get(profile);
  if (accepted === undefined) {
    throw new OptionError("profile", "must be the object that a protected SAML object or strategy gave");
  }
  await accepted.gate.sessions.link(accepted.login, sessionId);
}

/** Claim what a validated message uses up, and do what it asks. */
async function accept(gate: Gate, message: Validated): Promise<NodeSamlResult> {
  if (message.kind === "login") {
    if (await gate.sessions.isEnded(message.login)) throw new SamlError("logged_out");
    await gate.claims.claim(message.login);
    if (message.result.profile !== null) logins.set(message.result.profile, { login: message.login, gate });
  }
  if (message.kind === "logout-request" || message.kind === "logout-response") {
    await settleLogout(gate, message);
  }
  return message.result;
}

/** A LogoutRequest of ours: its answer is taken on any instance, once. */
function logoutIds({ logouts, options }: Gate): Pick<SharedCacheProvider, "saveAsync"> {
  return {
    async saveAsync(id: string, value: string): Promise<CacheItem | null> {
      const isSaved = await logouts.add(id, value, options.requestIdLifetimeMs);
      return isSaved ? { value, createdAt: Date.now() } : null;
    },
  };
}
