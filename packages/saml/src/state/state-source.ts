import { OptionError, type SharedState } from "@unstick/session";
import type { SamlState } from "./saml-state.ts";

/** Where login state is kept: what {@link createSamlState} gives, or a SharedState as it is. */
export type StateSource = SamlState | SharedState;

const sealedViews = new WeakMap<object, SharedState>();

/** Remember which shared state lies under a {@link SamlState}. */
export function rememberView(state: SamlState, view: SharedState): void {
  sealedViews.set(state, view);
}

/** The shared state of a source; throws {@link OptionError} unless it has the verbs that logins need. */
export function readSource(source: StateSource): SharedState {
  const state = sealedViews.get(source as object) ?? (source as SharedState);
  const verbs = ["add", "get", "put", "take"] as const;
  const missing = verbs.filter(
    (verb) => typeof (state as Partial<SharedState> | null)?.[verb] !== "function",
  );
  if (missing.length > 0) {
    throw new OptionError(
      "state",
      `has no ${missing.join(", ")}; give createSamlState(…), memoryState(), lmdbState({ path }) or redisState(client)`,
    );
  }
  return state;
}
