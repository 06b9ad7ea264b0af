import { RequestUsedError, SamlError } from "../errors.ts";
import type { Gate } from "../gate.ts";
import type { LogoutMessage } from "../message/logout-message.ts";

/**
 * Do what a verified message asks: end the sessions it names, and answer how many; or complete our own logout, once, on
 * whatever instance.
 */
export async function settleLogout(gate: Gate, message: LogoutMessage): Promise<number> {
  if (message.kind === "logout-request") return gate.sessions.end(message.request);
  const { outcome } = await gate.logouts.take(message.inResponseTo, gate.options.requestIdLifetimeMs);
  if (outcome === "used") throw new RequestUsedError();
  if (outcome === "unknown") throw new SamlError("request_unknown");
  return 0;
}
