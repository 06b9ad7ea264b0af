import { OptionError } from "@unstick/session";
import { PROTECT_DEFAULTS, type ProtectOptions } from "../protect-options.ts";
import { checkOneOf, checkWhole } from "../read-options.ts";

export interface FlowOptions extends ProtectOptions {
  /**
   * How a login is bound to the browser that began it. `"two-hop"` (default): a `SameSite=Lax` cookie, compared
   * at the GET to which the assertion consumer service redirects, as the identity provider's POST carries none.
   * `"none-cookie"`: a `SameSite=None; Secure` cookie, compared at the POST; needs https.
   */
  readonly binding?: "two-hop" | "none-cookie";
  /** Where a browser goes that named no safe target; default `"/"`. */
  readonly defaultTarget?: string;
  /** Origins beside the application's own that a browser may be sent to; default none. */
  readonly allowedOrigins?: readonly string[];
  /** The application's own origin; default that of `callbackUrl`. */
  readonly origin?: string;
  /** How long a verified answer waits for its browser; default 120,000. */
  readonly ticketLifetimeMs?: number;
  /** How long the same answer from the same browser leads to the same place; default 60,000. */
  readonly graceMs?: number;
  /** Logins that one address, or one IPv6 network, begins within one lifetime; default 1,000. */
  readonly maxPendingPerClient?: number;
}

type OwnFlowOptions = Required<Omit<FlowOptions, keyof ProtectOptions>>;

export type ReadFlowOptions = OwnFlowOptions & { readonly isSecure: boolean };

export const FLOW_DEFAULTS: Omit<OwnFlowOptions, "origin"> = {
  binding: "two-hop",
  defaultTarget: "/",
  allowedOrigins: [],
  ticketLifetimeMs: 120_000,
  graceMs: 60_000,
  maxPendingPerClient: 1_000,
};

/** Splits off what {@link protect} reads; throws an {@link OptionError} for a wrong or unknown option. */
export function readFlowOptions(
  given: FlowOptions,
  callbackUrl: string,
): { readonly flow: ReadFlowOptions; readonly rest: ProtectOptions } {
  const names = [...Object.keys(PROTECT_DEFAULTS), "state", "sessions"];
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const rest = Object.fromEntries(
    entries.filter(([name]) => names.includes(name)),
  ) as unknown as ProtectOptions;
  const own = entries.filter(([name]) => !names.includes(name));
  const known = [...Object.keys(FLOW_DEFAULTS), "origin"];
  for (const [name] of own) {
    if (!known.includes(name)) {
      throw new OptionError(name, `is not an option; known are ${[...known, ...names].join(", ")}`);
    }
  }
  const origin = new URL(callbackUrl).origin;
  const flow = { ...FLOW_DEFAULTS, origin, ...Object.fromEntries(own) } as OwnFlowOptions;
  check(flow);
  const isSecure = new URL(callbackUrl).protocol === "https:";
  if (flow.binding === "none-cookie" && !isSecure) {
    throw new OptionError(
      "binding",
      "is 'none-cookie', which browsers take over https only; callbackUrl is http",
    );
  }
  return { flow: { ...flow, isSecure }, rest };
}

function check(flow: OwnFlowOptions): void {
  checkOneOf("binding", flow.binding, ["two-hop", "none-cookie"]);
  checkWhole("ticketLifetimeMs", flow.ticketLifetimeMs, 1_000, 3_600_000);
  checkWhole("graceMs", flow.graceMs, 0, 3_600_000);
  checkWhole("maxPendingPerClient", flow.maxPendingPerClient, 1, 100_000_000);
  checkOrigin("origin", flow.origin);
  for (const origin of flow.allowedOrigins) checkOrigin("allowedOrigins", origin);
  const isPath = typeof flow.defaultTarget === "string" && /^\/(?![/\\])/.test(flow.defaultTarget);
  if (!isPath) throw new OptionError("defaultTarget", "must be a path of the application, such as '/'");
}

function checkOrigin(option: string, origin: unknown): void {
  const isOrigin = typeof origin === "string" && URL.canParse(origin) && new URL(origin).origin === origin;
  if (!isOrigin) throw new OptionError(option, "must be an origin, such as 'https://app.example.com'");
}
