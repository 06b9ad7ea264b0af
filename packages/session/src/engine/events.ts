import { type Channel, channel } from "node:diagnostics_channel";

/**
 * What happens to sessions, on `node:diagnostics_channel` as `unstick.session.<event>`. No message holds a
 * session id or a value; `handle` is a hash that names a session without opening it.
 */
export interface SessionEvents {
  /** A new session was stored. */
  created: SessionEvent;
  /** A session was read. */
  loaded: SessionEvent;
  /** There was no session under a well-formed id: never stored, expired or ended. */
  missed: SessionEvent;
  /** Attributes of a session were written. `bytes`: size of what was sent. */
  saved: SessionEvent & { readonly attributes: number; readonly bytes: number };
  /** A session was stored that takes more than `warnBytes`. `bytes`: of all its attributes, as stored. */
  large: SessionEvent & { readonly bytes: number };
  /** A deadline was moved. */
  touched: SessionEvent;
  /** A session was given a new id. */
  renamed: SessionEvent & { readonly newHandle: string };
  /** A session was ended. `reason`: `"logout"`, `"evicted"`, `"ended-by-principal"`, `"cleared"`. */
  destroyed: SessionEvent & { readonly reason: string };
  /** A session was ended because its lifetime was over when it was saved. */
  expired: SessionEvent;
  /** Two requests changed one attribute. `resolution`: `"merged"` or `"error"`. */
  conflict: SessionEvent & { readonly attributes: readonly string[]; readonly resolution: string };
  /** A record could not be read; it counts as no session. */
  damaged: SessionEvent & { readonly reason: string };
  /** A write or an id was refused: `"gone"`, `"moved"`, `"taken"`, `"malformed-id"`, `"limit"`. */
  refused: SessionEvent & { readonly reason: string };
  /** One call of the backend ended. `outcome`: `"ok"` or the code of the error. */
  call: {
    readonly backend: string;
    readonly verb: string;
    readonly durationMs: number;
    readonly outcome: string;
  };
}

export interface SessionEvent {
  readonly backend: string;
  readonly handle?: string;
}

export type SessionEventName = keyof SessionEvents;

const channels: Readonly<Record<SessionEventName, Channel>> = {
  created: channel("unstick.session.created"),
  loaded: channel("unstick.session.loaded"),
  missed: channel("unstick.session.missed"),
  saved: channel("unstick.session.saved"),
  large: channel("unstick.session.large"),
  touched: channel("unstick.session.touched"),
  renamed: channel("unstick.session.renamed"),
  destroyed: channel("unstick.session.destroyed"),
  expired: channel("unstick.session.expired"),
  conflict: channel("unstick.session.conflict"),
  damaged: channel("unstick.session.damaged"),
  refused: channel("unstick.session.refused"),
  call: channel("unstick.session.call"),
};

/**
 * Publish; `describe` runs only when somebody listens, and is given `args`. Where every request comes by, it is no
 * function made there: that would take memory whether or not somebody listens.
 */
export function emit<Name extends SessionEventName, Args extends unknown[]>(
  name: Name,
  describe: (...args: Args) => SessionEvents[Name],
  ...args: Args
): void {
  if (channels[name].hasSubscribers) channels[name].publish(describe(...args));
}

export function isListenedTo(name: SessionEventName): boolean {
  return channels[name].hasSubscribers;
}
