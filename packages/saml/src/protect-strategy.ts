import { createRequire } from "node:module";
import { OptionError } from "@unstick/session";
import { pendingLogins } from "./cache-provider.ts";
import { digest } from "./digest.ts";
import { openGate, partyOf } from "./gate.ts";
import { assertSoundLibrary, findModules } from "./message/library.ts";
import type { NodeSaml } from "./message/node-saml.ts";
import { guard, protect } from "./protect.ts";
import { type ProtectOptions, readProtectOptions } from "./protect-options.ts";

interface SingleStrategy {
  _saml: NodeSaml;
}

interface MultiStrategy {
  _options: { getSamlOptions(request: object, done: GotOptions): void };
  authenticate(request: object, options: object): void;
  logout(request: object, callback: (error: Error | null, url?: string | null) => void): void;
  error(error: unknown): void;
}

type GotOptions = (error: Error | null, options?: object) => void;

/** Per tenant: what of {@link ProtectOptions} depends on the options that `getSamlOptions` gave. */
export type ScopeOf = (samlOptions: Readonly<Record<string, unknown>>) => string;

/**
 * {@link protect} for passport-saml: `Strategy` and `MultiSamlStrategy`. Changes the strategy in place and gives
 * it back. With `MultiSamlStrategy` each set of options is a scope of its own: `scopeOf`, by default the entry
 * point and the entity id, keeps an answer of one identity provider from completing a login at another
 * (https://github.com/node-saml/passport-saml/pull/350).
 */
export function protectStrategy<Strategy extends object>(
  strategy: Strategy,
  options: ProtectOptions,
  scopeOf: ScopeOf = scopeOfTenant,
): Strategy {
  const single = strategy as Partial<SingleStrategy>;
  if (single._saml !== undefined) {
    single._saml = protect(single._saml, options);
    return strategy;
  }
  const multi = strategy as Partial<MultiStrategy>;
  if (multi._options?.getSamlOptions === undefined) {
    throw new OptionError(
      "strategy",
      "must be a Strategy or a MultiSamlStrategy of @node-saml/passport-saml 5.1",
    );
  }
  protectEach(multi as MultiStrategy, options, scopeOf);
  return strategy;
}

function scopeOfTenant({ issuer, entryPoint }: Readonly<Record<string, unknown>>): string {
  const named = JSON.stringify([issuer, entryPoint]);
  return named.length <= 256 ? named : digest(named);
}

type SamlClass = new (options: object) => NodeSaml & object;

function protectEach(strategy: MultiStrategy, options: ProtectOptions, scopeOf: ScopeOf): void {
  const Saml = samlClass(strategy);
  // A SAML object lives for one request, and the bound on logins for the process.
  const pending = pendingLogins(readProtectOptions(options));
  const { authenticate, logout } = Object.getPrototypeOf(Object.getPrototypeOf(strategy)) as MultiStrategy;
  const forRequest = (request: object, view: MultiStrategy, go: (view: MultiStrategy) => void): void => {
    strategy._options.getSamlOptions(request, (error, given = {}) => {
      if (error) return view.error(error);
      const samlOptions = { ...strategy._options, ...given };
      const scope = scopeOf(samlOptions);
      // Options of ours are checked for each tenant, so a mistake must not escape from a callback.
      try {
        const own = new Saml(samlOptions);
        const saml = guard(own, openGate(partyOf(own), { ...options, scope }), pending);
        go(Object.create(view, { _saml: { value: saml } }) as MultiStrategy);
      } catch (thrown) {
        view.error(thrown);
      }
    });
  };
  Object.assign(strategy, {
    authenticate(this: MultiStrategy, request: object, call: object): void {
      forRequest(request, this, (view) => authenticate.call(view, request, call));
    },
    logout(this: MultiStrategy, request: object, callback: Parameters<MultiStrategy["logout"]>[1]): void {
      const view = Object.create(this, { error: { value: callback } }) as MultiStrategy;
      forRequest(request, view, (found) => logout.call(found, request, callback));
    },
  });
}

/** The `SAML` that the strategy's own package uses; an application may hold several. */
function samlClass(strategy: object): SamlClass {
  const [path] = findModules(strategy);
  if (path === undefined) {
    throw new OptionError("strategy", "is of no loaded @node-saml/passport-saml; keep it out of a bundle");
  }
  const { SAML } = createRequire(path)("@node-saml/node-saml") as { SAML: SamlClass };
  assertSoundLibrary(Object.create(SAML.prototype) as object);
  return SAML;
}
