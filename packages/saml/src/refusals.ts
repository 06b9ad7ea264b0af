import { emit } from "./events.ts";

/** Tells each refusal on a channel, by its code alone. */
export function refusalsTold(scope: string): <Value>(step: () => Promise<Value>) => Promise<Value> {
  return async (step) => {
    try {
      return await step();
    } catch (error) {
      emit("refused", { scope, code: (error as { readonly code?: string }).code ?? "unknown" });
      throw error;
    }
  };
}
