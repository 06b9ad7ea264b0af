import { type Channel, channel } from "node:diagnostics_channel";
import type { Advice } from "./advice.ts";
import type { Link } from "./clients/link.ts";

/** What is published on `unstick.redis.silence`. */
export interface SilenceEvent {
  readonly family: Link["family"];
  /** For how long calls waited and nothing was heard. */
  readonly silentMs: number;
  /** Whether the client was made to connect anew. */
  readonly reconnected: boolean;
}

/** What is published on `unstick.redis.advice`, one message for each finding at construction. */
export interface AdviceEvent extends Advice {
  readonly family: Link["family"];
}

export const silenceChannel: Channel = channel("unstick.redis.silence");
export const adviceChannel: Channel = channel("unstick.redis.advice");
