import { randomBytes } from "node:crypto";
import { digest } from "../digest.ts";
import { RequestUsedError, SamlError } from "../errors.ts";
import { emit } from "../events.ts";
import type { Gate } from "../gate.ts";
import type { SamlLogin } from "../message/login.ts";
import { PendingLogins } from "../pending-logins.ts";
import type { Shelf } from "../shelf.ts";
import type { ReadFlowOptions } from "./flow-options.ts";
import { safeTarget } from "./safe-target.ts";

/** How a login ends. `again`: this browser has completed it a moment ago; it goes where it went then. */
export type LoginEnd =
  | { readonly kind: "accepted"; readonly login: SamlLogin; readonly target: string }
  | { readonly kind: "again"; readonly target: string };

export interface LoginStart {
  /** The id of the AuthnRequest that is about to be sent. */
  readonly requestId: string;
  /** The secret of the browser, from its cookie. */
  readonly browser: string;
  /** Where it wants to be afterwards: anything; only a safe one is kept. */
  readonly target?: unknown;
  /** Whom to count this start against: an address, say. */
  readonly client?: string | undefined;
}

/** What waits for its answer, and what waits for its browser. */
interface Begun {
  readonly browser: string;
  readonly target: string;
}

interface Parked extends Begun {
  readonly login: SamlLogin;
}

/**
 * One login from its start to its session, over several instances, bound to the browser that began it. The answer
 * is parked when it arrives, which uses nothing up; it is accepted when its browser comes for it. So a stolen
 * answer that is presented elsewhere neither succeeds nor spoils the login.
 */
export class LoginFlow {
  readonly #gate: Gate;
  readonly #options: ReadFlowOptions;
  readonly #pending: PendingLogins;
  readonly #tickets: Shelf;
  readonly #done: Shelf;

  constructor(gate: Gate, options: ReadFlowOptions) {
    this.#gate = gate;
    this.#options = options;
    const { requestIdLifetimeMs, maxPendingLogins } = gate.options;
    this.#pending = new PendingLogins(maxPendingLogins, options.maxPendingPerClient, requestIdLifetimeMs);
    this.#tickets = gate.transactions("ticket");
    this.#done = gate.transactions("done");
  }

  /** Remember that this browser asks. Throws {@link SamlError} (`flood`) when too many do. */
  async begin({ requestId, browser, target, client }: LoginStart): Promise<void> {
    const { scope, requestIdLifetimeMs } = this.#gate.options;
    this.#pending.admit(client);
    const begun: Begun = { browser: digest(browser), target: this.safeTarget(target) };
    const isNew = await this.#gate.claims.requests.add(requestId, JSON.stringify(begun), requestIdLifetimeMs);
    if (!isNew) throw new RequestUsedError();
    emit("begun", { scope });
  }

  /** The target if the browser may be sent there, else the default one. */
  safeTarget(target: unknown): string {
    const { origin, allowedOrigins, defaultTarget } = this.#options;
    return safeTarget(target, origin, allowedOrigins, defaultTarget);
  }

  /**
   * Keep a verified answer for its browser; the ticket names it. The same answer has the same ticket, so a second
   * POST of it leads where the first led. `proof`: the assertion's XML, which nobody can guess.
   */
  async park(login: SamlLogin, proof: string, relayState?: unknown): Promise<string> {
    const ticket = digest("ticket", proof);
    if (await this.#tickets.isTaken(ticket)) return ticket;
    if (await this.#gate.sessions.isEnded(login)) throw new SamlError("logged_out");
    const record = await this.#gate.claims.peek(login);
    const begun = readBegun(record);
    // cacheProvider() and protect() begin without a browser: what they began is bound to none, so it ends there.
    if (record !== null && begun === null) throw new SamlError("other_browser");
    const target = begun?.target ?? this.safeTarget(relayState);
    const parked: Parked = { login, target, browser: begun?.browser ?? "" };
    // Added, not put: the second POST must not make a ticket good again that was redeemed meanwhile.
    await this.#tickets.add(ticket, JSON.stringify(parked), this.#options.ticketLifetimeMs);
    return ticket;
  }

  /** Accept what is parked: exactly one caller is told `accepted`. Another browser changes nothing. */
  async redeem(ticket: string, browser: string | undefined): Promise<LoginEnd> {
    const secret = browser === undefined ? "" : digest(browser);
    const stored = await this.#tickets.get(ticket);
    if (stored === null) return this.#again(ticket, secret);
    const parked = JSON.parse(stored) as Parked;
    if (parked.browser !== "" && parked.browser !== secret) throw new SamlError("other_browser");
    const { login, target } = parked;
    // Before the ticket is taken: whoever then finds it gone finds where the browser goes.
    const done: Begun = { browser: parked.browser, target };
    await this.#done.put(ticket, JSON.stringify(done), this.#options.graceMs);
    const { outcome } = await this.#tickets.take(ticket, this.#gate.claims.memoryOf(login));
    if (outcome !== "taken") return { kind: "again", target };
    if (await this.#gate.sessions.isEnded(login)) throw new SamlError("logged_out");
    await this.#gate.claims.claim(login);
    return { kind: "accepted", login, target };
  }

  async #again(ticket: string, secret: string): Promise<LoginEnd> {
    const done = readBegun(await this.#done.get(ticket));
    if (done !== null && done.browser !== "" && done.browser === secret) {
      return { kind: "again", target: done.target };
    }
    throw (await this.#tickets.isTaken(ticket)) ? new RequestUsedError() : new SamlError("request_unknown");
  }
}

/** 256 bits: what travels as RelayState (bindings 3.4.3 allows 80 bytes), or names a browser. */
export function createHandle(): string {
  return randomBytes(32).toString("base64url");
}

function readBegun(record: string | null): Begun | null {
  return record?.startsWith("{") ? (JSON.parse(record) as Begun) : null;
}
