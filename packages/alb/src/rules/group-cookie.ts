import type { RequestView, RuleContext } from "./claim.ts";
import { cookieValues } from "./cookies.ts";
import { twinLines } from "./lb-cookie.ts";
import { unsealBase64 } from "./pins.ts";
import { digestOf, seal } from "./sealed-value.ts";

/** The scope of a pin that names a group and not a target. */
const listenerScope = "listener";

/** [D] Group stickiness: the group that AWSALBTG (or its CORS twin) names, while it is in date and still in the action. */
export function readGroupCookie(
  request: RequestView,
  groupNames: readonly string[],
  context: RuleContext,
): string | null {
  const value = ["AWSALBTG", "AWSALBTGCORS"].flatMap((name) => cookieValues(request.cookies, name))[0];
  const content = value === undefined ? null : unsealBase64(context.key, "AWSALBTG", value);
  const pin = content?.pins[0];
  if (pin === undefined || pin.endsAtMs <= context.nowMs) return null;
  return groupNames.find((name) => digestOf(name) === pin.choice) ?? null;
}

/** [D] `AWSALBTG` and `AWSALBTGCORS` with one value, before the target's headers. */
export function writeGroupCookie(
  group: string,
  label: string,
  durationSeconds: number,
  context: RuleContext,
): readonly string[] {
  const durationMs = durationSeconds * context.secondMs;
  const pin = { scope: listenerScope, choice: group, routedAtMs: context.nowMs, durationMs };
  return twinLines("AWSALBTG", seal(context.key, "AWSALBTG", label, [pin]).toString("base64"), context);
}
