import type { Claim, RuleContext, StickyGroup } from "./claim.ts";
import { unclaimed } from "./claim.ts";
import {
  digestOf,
  type SealedContent,
  type SealedKind,
  type SealedPin,
  seal,
  unseal,
} from "./sealed-value.ts";

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Read base64 as strictly as a balancer does: a percent-encoded value is malformed. [D] "Application Load Balancers
 * do not support cookie values that are URL encoded".
 */
export function unsealBase64(key: Buffer, kind: SealedKind, value: string): SealedContent | null {
  return base64.test(value) ? unseal(key, kind, Buffer.from(value, "base64")) : null;
}

/** The claim of a sealed value, or why it claims nothing. */
export function claimFrom(content: SealedContent | null, group: StickyGroup, context: RuleContext): Claim {
  if (content === null) return unclaimed(context, "malformed");
  const scope = digestOf(group.name);
  const others = content.pins.filter((pin) => pin.scope !== scope && pin.endsAtMs > context.nowMs);
  const pin = content.pins.find((candidate) => candidate.scope === scope);
  const more = { label: content.label, others };
  if (pin === undefined) return unclaimed(context, "no_cookie", more);
  if (pin.endsAtMs <= context.nowMs) return unclaimed(context, "expired", more);
  return { ...claimTarget(pin, group, context), ...more };
}

/** [D] A target that is unhealthy, draining or no longer registered loses the session on its next request. */
function claimTarget(pin: SealedPin, group: StickyGroup, context: RuleContext): Claim {
  const target = group.targets.find(({ id }) => digestOf(id) === pin.choice);
  const isRegistered = target !== undefined && target.state !== "draining" && target.state !== "unused";
  if (!isRegistered) return unclaimed(context, "target_gone");
  const isFailingOpen = !group.targets.some(({ state }) => state === "healthy");
  const isUsable = target.state === "healthy" || (isFailingOpen && context.assume.stickyWhileFailingOpen);
  if (!isUsable) return unclaimed(context, "target_unhealthy");
  return { ...unclaimed(context, "no_cookie"), target: target.id, problem: null };
}

/** A fresh value that names this target, and keeps what the client had for other groups. */
export function sealPin(
  kind: SealedKind,
  group: StickyGroup,
  target: string,
  claim: Claim,
  context: RuleContext,
  largest: number = Number.POSITIVE_INFINITY,
): Buffer {
  const durationMs = group.stickiness.durationSeconds * context.secondMs;
  const pin = { scope: group.name, choice: target, routedAtMs: context.nowMs, durationMs };
  const pins = [pin, ...claim.others];
  const sealed = seal(context.key, kind, claim.label, pins);
  return sealed.length <= largest
    ? sealed
    : seal(context.key, kind, claim.label, pins.slice(0, Math.floor(largest / 54)));
}
