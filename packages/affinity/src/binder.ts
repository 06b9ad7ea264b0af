import { randomBytes } from "node:crypto";
import { attachAffinity, findAffinity } from "./affinity.ts";
import { type AffinityCounters, Counters } from "./counters.ts";
import { type Decision, decide } from "./decide.ts";
import { type AffinityConfig, type AffinityOptions, readOptions } from "./options.ts";
import { isEncrypted, isOrdinary, type NodeRequest, wasForwardedFromHttps } from "./request.ts";
import type { NodeResponse } from "./response-head.ts";
import { type CookieLine, type CookieWriter, type Pass, Visit } from "./visit.ts";

/** What every middleware of this package can do beside being called. */
export interface AffinityControls {
  /** From now on nobody is bound to this instance, and a bound client is released on its next response. */
  drain(): void;
  /** A snapshot. */
  readonly counters: AffinityCounters;
}

/** The part of a middleware that knows no framework. `Subject` is what the framework hands its handlers. */
export class Binder<Subject extends object> implements AffinityControls, CookieWriter<Subject> {
  readonly name: string;
  readonly #config: AffinityConfig<Subject>;
  readonly #isSecure: (subject: Subject) => boolean;
  readonly #counters: Counters;
  #isDraining = false;
  #random: Uint8Array = randomBytes(12);
  #randomSecond = 0;

  /** `isSecure` is the framework's own answer, which follows its own trust in proxies. */
  constructor(options: AffinityOptions<Subject>, isSecure: (subject: Subject) => boolean) {
    this.#config = readOptions(options);
    this.name = this.#config.name;
    this.#isSecure = isSecure;
    this.#counters = new Counters(this.name);
  }

  drain(): void {
    this.#isDraining = true;
  }

  get counters(): AffinityCounters {
    return this.#counters.read();
  }

  /** Decides about a request and attaches the answer; the cookie follows when the head is written. */
  receive(subject: Subject, request: NodeRequest, response: NodeResponse): void {
    if (findAffinity(subject, this.name) !== undefined) return;
    const decision = this.#decide(request);
    const visit = new Visit(subject, request, response, decision, this);
    attachAffinity(subject, visit);
    if (!this.#config.when(subject, isOrdinary(request))) return;
    this.#countClient(decision);
    visit.awaitHead();
  }

  isPending({ action }: Decision): boolean {
    return this.#isDraining || action !== "leave";
  }

  /** A drain that began while the handler ran binds nobody, and releases who was kept. */
  cookieFor(pass: Pass<Subject>): CookieLine | null {
    const { action, value } = this.#isDraining ? this.#decide(pass.request) : pass.decision;
    if (pass.isReleased || action === "release")
      return { text: this.#config.expiringCookie[this.#transport(pass)], isRelease: true };
    if (action === "leave") return null;
    const attributes = this.#config.bindAttributes[this.#transport(pass)];
    return { text: `${this.name}=${value}${attributes}`, isRelease: false };
  }

  countRelease(): void {
    this.#counters.count("released");
  }

  #decide({ headers }: NodeRequest): Decision {
    const now = Date.now();
    const { instance } = this.#config;
    const random = this.#randomAt(now);
    const input = { cookieHeader: headers.cookie, now, random, instance, draining: this.#isDraining };
    return decide(input, this.#config);
  }

  /** New bytes each second. Signing is most of what a new cookie costs, and its value identifies nobody. */
  #randomAt(now: number): Uint8Array {
    const second = Math.floor(now / 1_000);
    if (second === this.#randomSecond) return this.#random;
    this.#randomSecond = second;
    this.#random = randomBytes(12);
    return this.#random;
  }

  #countClient({ state, isForged }: Decision): void {
    this.#counters.count(state);
    if (isForged) this.#counters.count("forged");
  }

  #transport({ subject, request }: Pass<Subject>): "secure" | "plain" {
    const { secure, trustProxy } = this.#config;
    if (secure !== "auto") return secure ? "secure" : "plain";
    if (trustProxy === undefined) return this.#isSecure(subject) ? "secure" : "plain";
    return isEncrypted(request) || (trustProxy && wasForwardedFromHttps(request)) ? "secure" : "plain";
  }
}

/** A middleware that carries the controls of its binder. */
export function withControls<Middleware extends object>(
  middleware: Middleware,
  binder: AffinityControls,
): Middleware & AffinityControls {
  return Object.defineProperties(middleware, {
    drain: { value: () => binder.drain(), enumerable: true },
    counters: { get: () => binder.counters, enumerable: true },
  }) as Middleware & AffinityControls;
}
