import type { LogoutUser } from "../flow/service-provider.ts";
import type { SamlLogin } from "../message/login.ts";

/** What a session keeps of the login that made it, under the attribute {@link NOTE}. */
export interface SessionNote {
  readonly login: SamlLogin;
  /** Under which key the index of logouts knows it, and since when. Absent: it knows it not. */
  readonly linked?: { readonly key: string; readonly atMs: number };
}

const NOTE = "unstickSaml";

type Attributes = { [name: string]: unknown };

/** Small: what the logout needs. The attributes of the person are the application's to keep. */
export function writeNote(session: object | null | undefined, { login, linked }: SessionNote): void {
  const small: SamlLogin = { ...login, attributes: {} };
  if (session)
    (session as Attributes)[NOTE] = { login: small, ...(linked && { linked }) } satisfies SessionNote;
}

export function readNote(session: object | null | undefined): SessionNote | undefined {
  return (session as Attributes | null | undefined)?.[NOTE] as SessionNote | undefined;
}

/** Whether the identity provider wanted the session ended by now (`SessionNotOnOrAfter`). */
export function isOver(note: SessionNote | undefined): boolean {
  const end = note?.login.sessionEndsAtMs ?? null;
  return end !== null && end <= Date.now();
}

export function logoutUser(note: SessionNote | undefined): LogoutUser | undefined {
  if (note === undefined) return undefined;
  const { issuer, nameId, sessionIndex } = note.login;
  const { value: nameID, format: nameIDFormat = "", ...qualifiers } = nameId;
  return { issuer, nameID, nameIDFormat, ...qualifiers, ...(sessionIndex !== null && { sessionIndex }) };
}
