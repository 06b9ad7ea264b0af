import { memoryState, type SharedState } from "@unstick/session";

export interface OpenState {
  readonly state: SharedState;
  /** Afterwards every verb of the state rejects. */
  close(): Promise<void>;
}

/** Every SharedState that we ship, each on the real thing. */
export const stateKinds: readonly (readonly [name: string, open: () => Promise<OpenState>])[] = [
  ["memory", openMemory],
];

async function openMemory(): Promise<OpenState> {
  const state = memoryState();
  return { state, close: async () => state.close?.() };
}
