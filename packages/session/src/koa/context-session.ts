import type { FairLock } from "../http/fair-lock.ts";
import { Choices } from "./choices.ts";
import type { KoaKept, KoaLoginOptions, KoaStored, KoaStoreHow, Values } from "./kept.ts";
import type { KoaContext } from "./koa-context.ts";
import type { KoaSessionConfig } from "./middleware-options.ts";
import { clearKey, describeDevice, sendKey } from "./response-cookies.ts";
import { type KoaSession, type ViewedSession, viewKoaSession } from "./session-view.ts";
import type { Found, KoaShelf } from "./shelf.ts";
import { createKey, type ShownKey, shownKey } from "./shown-key.ts";
import { StepQueue } from "./step-queue.ts";
import { isRolledOver, isWorthStoring, type RequestOptions } from "./store-rule.ts";

/** The session of one request: what `ctx.session` is, and what becomes of it. */
export class ContextSession implements ViewedSession {
  readonly #choices: Choices;
  readonly #ctx: KoaContext;
  readonly #shelf: KoaShelf;
  #kept: KoaKept | undefined;
  #view: KoaSession | undefined;
  #wasFound = false;
  #isRemoved = false;
  /** Another request ended or replaced it: this one may not speak for it. */
  #isLost = false;
  #isForced = false;
  /** Its time counts from this request. */
  #isRolled = false;
  #isTouched = false;
  #isFailed = false;
  /** What was read, or `beforeSave` has seen. */
  #shownText: string | undefined;
  #shown: ShownKey | undefined;
  readonly #steps = new StepQueue();
  #cookie: "set" | "clear" | undefined;

  constructor(ctx: KoaContext, config: KoaSessionConfig, shelf: KoaShelf) {
    this.#ctx = ctx;
    this.#choices = new Choices(config);
    this.#shelf = shelf;
  }

  get options(): RequestOptions {
    return this.#choices.own;
  }

  get key(): string {
    return this.#open().key;
  }

  get isNew(): boolean {
    return !this.#wasFound;
  }

  get values(): Values {
    this.#isTouched = true;
    return this.#open().values;
  }

  get maxAge(): number | "session" | undefined {
    return this.#choices.now.maxAge;
  }

  set maxAge(maxAge: number | "session" | undefined) {
    this.options.maxAge = maxAge as number | "session";
    if (typeof maxAge === "number") this.#open().values.set("_maxAge", maxAge);
    this.#isForced = true;
    this.#isTouched = true;
  }

  get(): KoaSession | null {
    if (this.#isRemoved) return null;
    this.#view ??= viewKoaSession(this);
    return this.#view;
  }

  set(value: unknown): void {
    this.#isTouched = true;
    if (typeof value !== "object") throw new TypeError("ctx.session can only be set as null or an object");
    this.#isRemoved = value === null;
    if (value === null) return;
    const { values } = this.#open();
    for (const name of values.names()) if (!Object.hasOwn(value, name)) values.delete(name);
    Object.assign(this.get() as object, value);
  }

  /** Find the session that the browser's key names, once it is this request's turn. No promise when there is none. */
  begin(lock?: FairLock): Promise<void> | undefined {
    this.#forget();
    this.#shown = shownKey(this.#ctx, this.#choices.now);
    const shown = this.#shown;
    if (shown === undefined) return undefined;
    const take = (found: Found): undefined => void this.#take(shown.key, found);
    if (lock === undefined || this.#choices.now.serialize?.(this.#ctx as never) !== true)
      return this.#shelf.load(shown, take);
    return lock.hold(shown.key, this.#ctx.res).then(() => this.#shelf.load(shown, take));
  }

  #take(key: string, found: Found): void {
    if ("kept" in found && this.#isValid(found)) return;
    const reason = "kept" in found ? "invalid" : found.reason;
    const value = "kept" in found ? this.get()?.toJSON() : found.value;
    this.#forget();
    this.#cookie = "clear";
    setImmediate(() => this.#ctx.app.emit(`session:${reason}`, { key, value, ctx: this.#ctx }));
  }

  #isValid(found: Extract<Found, { kept: KoaKept }>): boolean {
    const { valid, beforeSave } = this.#choices.now;
    this.#kept = found.kept;
    this.#wasFound = true;
    this.#shelf.watch?.noteLoaded(found.kept, (name) => found.kept.values.has(name));
    if (valid !== undefined && !valid(this.#ctx as never, this.get() as never)) return false;
    if ((found.maxAge ?? this.maxAge) !== this.maxAge)
      this.options.maxAge = found.maxAge as number | "session";
    if (beforeSave !== undefined) this.#shownText = JSON.stringify(this.get());
    return true;
  }

  #forget(): void {
    this.#kept = undefined;
    this.#view = undefined;
    this.#wasFound = false;
  }

  async save(): Promise<void> {
    await this.#steps.add(() => this.#store(true));
  }

  async regenerate(): Promise<void> {
    await this.#steps.add(async () =>
      this.#note(await this.#open().rename(this.#newKey(), this.#how(true)), true),
    );
  }

  async login(principal: string, options: KoaLoginOptions = {}): Promise<void> {
    const given = { ...options, device: options.device ?? describeDevice(this.#ctx) };
    await this.#steps.add(async () =>
      this.#note(await this.#open().login(principal, this.#newKey(), given, this.#how(true)), true),
    );
  }

  async logout(): Promise<void> {
    await this.#steps.add(async () => {
      await this.#kept?.destroy();
      this.#forget();
      this.#cookie = "clear";
    });
  }

  /** Store what changed: no promise when nothing did. The cookie is set when the head leaves. */
  commit(): Promise<void> | undefined {
    return this.#steps.add(() => this.#finish());
  }

  /** The end of the handler. */
  commitHandled(): Promise<void> | undefined {
    return this.#choices.now.autoCommit ? this.commit() : undefined;
  }

  noteFailed(): void {
    this.#isFailed = true;
  }

  /** The handler threw. An answer that it chose (a 401) may leave the session changed; a failure may not. */
  async commitAfter(error: unknown): Promise<void> {
    if (!this.#choices.now.autoCommit) return;
    const { status } = (error ?? {}) as { status?: unknown };
    if (this.#choices.now.saveOnError || (typeof status === "number" && status < 500)) await this.commit();
    else this.#isFailed = true;
  }

  /** The head leaves: after Koa has removed every header before it answers an error (`ctx.onerror`). */
  writeHead(): void {
    if (this.#isFailed || this.#cookie === undefined) return;
    const what = this.#cookie;
    this.#cookie = undefined;
    if (what === "clear") clearKey(this.#ctx, this.#choices.now);
    else sendKey(this.#ctx, this.#choices.now, this.#open().key, this.#shown);
  }

  commitLate(): Promise<void> | undefined {
    if (!this.#isUncommitted()) return undefined;
    return this.#steps.add(() => (this.#open().isNew ? Promise.resolve() : this.#finish()));
  }

  /** For a response that is written past Koa, and for what changed after the handler. */
  commitEarly(): Promise<void> | undefined {
    return this.#isUncommitted() || this.#steps.isBusy ? this.commit() : undefined;
  }

  fail(error: unknown): void {
    this.#isFailed = true;
    this.#ctx.onerror(error);
  }

  #isUncommitted(): boolean {
    return this.#choices.now.autoCommit && this.#isTouched && !this.#isFailed;
  }

  #open(): KoaKept {
    this.#kept ??= this.#shelf.create(this.#newKey());
    return this.#kept;
  }

  #newKey(): string {
    const { genid, prefix } = this.#choices.now;
    return genid === undefined ? prefix + createKey() : genid(this.#ctx as never);
  }

  #how(isForced: boolean): KoaStoreHow {
    return { isForced, maxAge: this.#choices.now.maxAge };
  }

  #finish(): Promise<void> | undefined {
    this.#isTouched = false;
    if (this.#isRemoved) return this.#remove();
    if (this.#kept === undefined || !isWorthStoring(this.#kept, this.#isForced)) return undefined;
    return this.#store(false);
  }

  async #remove(): Promise<void> {
    if (this.#kept?.isNew === false) await this.#kept.destroy();
    this.#cookie = "clear";
  }

  #store(isAsked: boolean): Promise<void> | undefined {
    const kept = this.#open();
    if (this.#isLost) return undefined;
    const isRolledOn = !this.#isRolled && isRolledOver(kept, this.#choices.now);
    const isForced = isAsked || this.#isForced || isRolledOn;
    const { beforeSave } = this.#choices.now;
    if (beforeSave !== undefined && (isForced || JSON.stringify(this.get()) !== this.#shownText)) {
      beforeSave(this.#ctx as never, this.get() as never);
      this.#shownText = JSON.stringify(this.get());
    }
    return kept.store(this.#how(isForced), (stored) => this.#note(stored, isForced));
  }

  #note(stored: KoaStored, isForced: boolean): void {
    this.#isForced = false;
    if (stored !== "unchanged") this.#isRolled = true;
    if (stored === "lost") {
      this.#isLost = true;
      this.#cookie = undefined;
    } else if (stored === "changed" || (stored === "kept" && isForced)) {
      this.#cookie = "set";
    }
    const kept = this.#open();
    if (kept.key === this.#shown?.key) this.#shelf.watch?.check(kept, (name) => kept.values.has(name));
  }
}
