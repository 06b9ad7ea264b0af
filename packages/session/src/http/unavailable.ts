import { BackendError, UnstickError } from "../errors.ts";

/** Whatever a store says when it fails to save, the client is told that the service is not available now. */
export function rethrowAsUnavailable(error: unknown): never {
  if (error instanceof UnstickError || hasStatus(error)) throw error;
  throw new BackendError("session store", "save", error instanceof Error ? error.message : "unknown", {
    cause: error,
  });
}

function hasStatus(error: unknown): boolean {
  return typeof error === "object" && error !== null && "status" in error;
}
