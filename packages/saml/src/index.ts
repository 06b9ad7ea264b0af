export { type CacheItem, cacheProvider, type SharedCacheProvider } from "./cache-provider.ts";
export { RequestUsedError, SamlError, type SamlRefusal, SamlVersionError } from "./errors.ts";
export type { SamlEvents } from "./events.ts";
export type { ConsumerRequest, ConsumerStep } from "./flow/assertion-consumer.ts";
export { FLOW_DEFAULTS, type FlowOptions } from "./flow/flow-options.ts";
export type { LogoutUser, RequestMaker } from "./flow/service-provider.ts";
export type { RoutesOptions } from "./http/routes-options.ts";
export type { Saml2ServiceProvider } from "./library/saml2-js.ts";
export type { SamlifyIdentityProvider, SamlifyServiceProvider } from "./library/samlify.ts";
export {
  type BeginCall,
  type LoginsOptions,
  type Saml2LoginsOptions,
  type SamlifyLoginsOptions,
  type SamlLogins,
  saml2Logins,
  samlifyLogins,
} from "./logins.ts";
export type { LogoutArrival, LogoutStep } from "./logout/logout-endpoint.ts";
export type { SessionBackend } from "./logout/saml-sessions.ts";
export type { SamlLogin } from "./message/login.ts";
export type { NameId } from "./message/name-id.ts";
export type { NodeSaml } from "./message/node-saml.ts";
export type { CacheProviderOptions } from "./options.ts";
export { linkSession, loginOf, protect } from "./protect.ts";
export { PROTECT_DEFAULTS, type ProtectOptions } from "./protect-options.ts";
export { protectStrategy, type ScopeOf } from "./protect-strategy.ts";
export {
  createSamlState,
  type ItemOptions,
  type SamlState,
  type SamlStateOptions,
  STATE_DEFAULTS,
} from "./state/saml-state.ts";
export type { StateSource } from "./state/state-source.ts";
