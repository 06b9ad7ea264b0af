import { createHash } from "node:crypto";

/** A key in the form that the engine makes, one for each label. */
export function sessionKey(label: string): string {
  return createHash("sha256").update(label).digest("base64url");
}
