import { OptionError, sessionKey } from "@unstick/session";
import { SamlError } from "../errors.ts";
import type { Gate } from "../gate.ts";
import { isOver, readNote, type SessionNote, writeNote } from "../http/session-note.ts";
import type { SamlLogin } from "../message/login.ts";

type Session = object | null | undefined;

/** Keeps the index that logouts read in step with one session: from its login on, for as long as it is used. */
export class SessionLinks {
  readonly #gate: Gate;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /**
   * The session that a login has made, under its final id. Throws {@link SamlError} (`logged_out`) when the logout came
   * first, {@link OptionError} where the id is not found.
   */
  async enter(session: Session, login: SamlLogin, sessionId: string | undefined): Promise<void> {
    if (this.#gate.options.sessions === undefined) return writeNote(session, { login });
    if (sessionId === undefined) {
      throw new OptionError("sessionId", "is needed: the session's final id is not where it was looked for");
    }
    writeNote(session, { login, linked: { key: sessionKey(sessionId), atMs: Date.now() } });
    await this.#gate.sessions.link(login, sessionId);
  }

  /**
   * At each request: whether the session may go on. A session that is used stays in the index, and goes there under its
   * new id when the application has replaced it. What fails here is tried again with the next request.
   */
  async mayGoOn(session: Session, sessionId: string | undefined): Promise<boolean> {
    const note = readNote(session);
    if (note === undefined) return true;
    if (isOver(note)) return false;
    if (sessionId === undefined || !this.#isDue(note, sessionKey(sessionId))) return true;
    try {
      await this.enter(session, note.login, sessionId);
      await this.#leaveOld(note, sessionKey(sessionId));
    } catch (error) {
      if (error instanceof SamlError) return false;
      writeNote(session, note);
    }
    return true;
  }

  /** The session ends here. */
  async leave(note: SessionNote, sessionId: string | undefined): Promise<void> {
    if (sessionId !== undefined) await this.#gate.sessions.unlink(note.login, sessionKey(sessionId));
  }

  #isDue({ linked }: SessionNote, key: string): boolean {
    const { sessions, sessionLifetimeMs } = this.#gate.options;
    if (sessions === undefined) return false;
    return linked === undefined || linked.key !== key || Date.now() - linked.atMs >= sessionLifetimeMs / 10;
  }

  async #leaveOld({ login, linked }: SessionNote, key: string): Promise<void> {
    if (linked !== undefined && linked.key !== key) await this.#gate.sessions.unlink(login, linked.key);
  }
}
