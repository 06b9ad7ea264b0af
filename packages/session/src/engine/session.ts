import type { Answer, SessionKey } from "../backend.ts";
import { UndecodableError } from "./errors.ts";
import { emit } from "./events.ts";
import { type LoginOptions, loginSession, type RenameOptions, renameKeeping } from "./login-session.ts";
import { endKey, unlinkPrincipal } from "./principal-link.ts";
import type { RenameResult } from "./rename-session.ts";
import { type SaveOptions, type SaveOutcome, saveSession } from "./save-session.ts";
import { sessionHandle } from "./session-id.ts";
import { type Device, type EngineContext, reasonOf, type SessionState } from "./session-state.ts";
import { TurnQueue, toWhoeverWaits } from "./turn-queue.ts";

/**
 * One session as one request sees it. Attributes are parsed when they are first read; a save compares those
 * that were read or given, by their serialised bytes, and writes the ones that differ. Calls of one session
 * run one after another.
 */
export class Session {
  readonly #context: EngineContext;
  readonly #state: SessionState;
  readonly #turns = new TurnQueue();

  constructor(context: EngineContext, state: SessionState) {
    this.#context = context;
    this.#state = state;
  }

  /** The secret that names this session to its client. A rename changes it. */
  get id(): string {
    return this.#state.id;
  }

  get key(): SessionKey {
    return this.#state.key;
  }

  /** A name for lists and logs that does not open the session. */
  get handle(): string {
    return sessionHandle(this.#state.key);
  }

  /** Nothing is stored under this id yet. */
  get isNew(): boolean {
    return this.#state.isNew;
  }

  /** It was ended, here or (as a refused write told) by another request. */
  get isEnded(): boolean {
    return this.#state.ended;
  }

  /** An attribute could not be read. The session reads as empty from then on and is never saved. */
  get isDamaged(): boolean {
    return this.#state.damaged;
  }

  /** Its id was replaced a moment ago: it reads as it was before, and refuses writes. */
  get isReplaced(): boolean {
    return this.#state.movedTo !== undefined;
  }

  /** Milliseconds since the session was created and until it ends, when it was read. */
  get ageMs(): number {
    return this.#state.ageMs;
  }

  get remainingMs(): number {
    return this.#state.remainingMs;
  }

  /** How long it lives unused: the engine's, unless set for this session (a cookie's `maxAge`). */
  get idleMs(): number {
    return this.#state.idleMs;
  }

  set idleMs(idleMs: number) {
    this.#state.idleMs = Math.trunc(idleMs);
  }

  /** Whose session it is. Setting it takes effect with the next save or rename; a login should rename. */
  get principal(): string | undefined {
    return this.#state.principal;
  }

  set principal(principal: string | undefined) {
    this.#state.principal = principal;
  }

  /** Noted when a principal is set, for the list of a user's sessions. */
  get device(): Device | undefined {
    return this.#state.device;
  }

  set device(device: Device | undefined) {
    this.#state.device = device;
  }

  /** Names of the attributes. */
  names(): string[] {
    return this.#state.damaged ? [] : [...this.#state.slots.names()];
  }

  has(name: string): boolean {
    return !this.#state.damaged && this.#state.slots.has(name);
  }

  /** The value of an attribute; the same object with each call. `undefined`: there is none. */
  get(name: string): unknown {
    if (this.#state.damaged) return undefined;
    try {
      return this.#state.slots.get(name);
    } catch (error) {
      this.#noteDamage(error);
      return undefined;
    }
  }

  /** The text of an attribute as it is stored, sealed or not, without opening it: to tell whether it is one that is known. */
  storedText(name: string): string | null {
    return this.#state.slots.storedValue(name);
  }

  /** All attributes, as an object of their own. `__proto__` is a property like any other. */
  toObject(): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const name of this.names()) {
      const value = this.get(name);
      Object.defineProperty(values, name, { value, configurable: true, enumerable: true, writable: true });
    }
    return this.#state.damaged ? {} : values;
  }

  set(name: string, value: unknown): void {
    this.#state.slots.set(name, value);
  }

  delete(name: string): void {
    this.#state.slots.delete(name);
  }

  /** Make the attributes those of `values` and no others: own enumerable string-named properties. */
  assign(values: object): void {
    const isIn = (name: string): boolean => Object.prototype.propertyIsEnumerable.call(values, name);
    for (const name of this.#state.slots.names()) if (!isIn(name)) this.delete(name);
    for (const [name, value] of Object.entries(values)) this.set(name, value);
  }

  /**
   * Store what changed. With nothing changed, move the deadline if that is due, or, with `"always"`, in any
   * case. Throws `SerializeError`, `SessionTooLargeError`, `SessionConflictError`, `SessionLimitError` and
   * {@link BackendError}; the stored session is then untouched (after a `DeadlineError`: perhaps).
   */
  save(options: SaveOptions = {}): Promise<SaveOutcome> {
    return toWhoeverWaits(
      this.#turns.add(
        async () => this.#save(options),
        (error) => this.#goneBy(error),
      ),
    );
  }

  /**
   * {@link save}, without a promise when the backend is not needed: what is thrown may then be thrown at once. `as`
   * makes of the outcome what the caller needs.
   */
  saveNow<Result>(options: SaveOptions, as: (outcome: SaveOutcome) => Result): Answer<Result> {
    if (this.#turns.isBusy) return this.save(options).then(as);
    let outcome: Answer<SaveOutcome>;
    try {
      outcome = this.#save(options);
    } catch (error) {
      return as(this.#goneBy(error));
    }
    if (typeof outcome === "string") return as(outcome);
    return this.#turns.enter(outcome, as, (error) => as(this.#goneBy(error)));
  }

  #save(options: SaveOptions): Answer<SaveOutcome> {
    return this.#state.damaged ? "gone" : saveSession(this.#context, this.#state, options);
  }

  #goneBy(error: unknown): "gone" {
    this.#noteDamage(error);
    return "gone";
  }

  /**
   * A new id, in one step with all changes; the old id is dead but for the grace. A session that is new only
   * gets another id. Throws `SessionReplacedError` (409) when another request renamed or ended it first.
   */
  rename(options: RenameOptions = {}): Promise<RenameResult> {
    return toWhoeverWaits(this.#turns.add(() => renameKeeping(this.#context, this.#state, options)));
  }

  /**
   * {@link rename}, for a session that is now `principal`'s: against session fixation (CWE-384). One that is new is
   * stored at once. A login that fails leaves the session as it is stored.
   */
  login(principal: string, options: LoginOptions = {}): Promise<RenameResult> {
    return toWhoeverWaits(
      this.#turns.add(() => loginSession(this.#context, this.#state, principal, options)),
    );
  }

  /**
   * End it, wherever a rename moved it. Answers whether it was alive. Its id stays refused for the engine's
   * `tombstoneMs`, so that a write in flight brings nothing back.
   */
  destroy(): Promise<boolean> {
    const ended = this.#turns.add(async () => {
      const { key, isNew, storedPrincipal } = this.#state;
      this.#state.ended = true;
      if (isNew) return false;
      const wasAlive = await endKey(this.#context, key, "logout");
      await unlinkPrincipal(this.#context, storedPrincipal, key);
      return wasAlive;
    });
    return toWhoeverWaits(ended);
  }

  /** Leave its user's list; the session stays as it is. For one that goes on under another store. */
  unlist(): Promise<void> {
    return toWhoeverWaits(
      this.#turns.add(() => unlinkPrincipal(this.#context, this.#state.storedPrincipal, this.#state.key)),
    );
  }

  #noteDamage(error: unknown): void {
    if (!(error instanceof UndecodableError)) throw error;
    this.#state.damaged = true;
    emit("damaged", reasonOf, this.#context, this.#state.key, error.message);
  }
}
