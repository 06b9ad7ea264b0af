import { type Channel, channel } from "node:diagnostics_channel";

/** On `node:diagnostics_channel` as `unstick.saml.<event>`. No message holds an identifier of a person or a login. */
export interface SamlEvents {
  /** A login was begun. */
  begun: { readonly scope: string };
  /** An answer was accepted. */
  accepted: { readonly scope: string; readonly isSolicited: boolean };
  /** A message, a ticket or a login start was refused; `code` as in the error. */
  refused: { readonly scope: string; readonly code: string };
  /** A claim met an id that was used before. */
  "request-used": { readonly scope: string };
  /** The identity provider ended sessions. */
  "logged-out": { readonly scope: string; readonly sessions: number };
  /** A stored item could not be opened: altered, or sealed with a key that is not known. It counts as absent. */
  damaged: { readonly scope: string };
}

const channels: Readonly<Record<keyof SamlEvents, Channel>> = {
  begun: channel("unstick.saml.begun"),
  accepted: channel("unstick.saml.accepted"),
  refused: channel("unstick.saml.refused"),
  "request-used": channel("unstick.saml.request-used"),
  "logged-out": channel("unstick.saml.logged-out"),
  damaged: channel("unstick.saml.damaged"),
};

export function emit<Name extends keyof SamlEvents>(name: Name, message: SamlEvents[Name]): void {
  if (channels[name].hasSubscribers) channels[name].publish(message);
}
