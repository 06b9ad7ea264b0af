import type { Trust } from "../message/answer.ts";

/** What a library itself says of an answer that it has validated. */
interface LibraryVerdict {
  readonly nameId: unknown;
  readonly attributes: unknown;
}

/** A library that keeps no state of its own, with the two parties that it was told of. */
export interface SamlLibrary {
  readonly trust: Trust;
  /** Our own, PEM, for what the library does not send itself; `undefined`: there is none. */
  readonly signingKey: string | undefined;
  /** The library's own validation of a `SAMLResponse` field. Rejects with whatever it rejects. */
  validate(samlResponse: string): Promise<LibraryVerdict>;
}
