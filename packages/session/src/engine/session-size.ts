import type { SessionKey } from "../backend.ts";
import { emit, type SessionEvents } from "./events.ts";
import { type EngineContext, eventOf, type SessionState } from "./session-state.ts";
import type { WritePlan } from "./write-plan.ts";

/** A write was stored: tell of a session that has grown large, before it meets `maxBytes`. */
export function noteSize(context: EngineContext, state: SessionState, plan: WritePlan): void {
  const bytes = plan.sessionBytes;
  if (bytes > context.policy.warnBytes) emit("large", largeOf, context, state.key, bytes);
}

function largeOf(context: EngineContext, key: SessionKey, bytes: number): SessionEvents["large"] {
  return { ...eventOf(context, key), bytes };
}
