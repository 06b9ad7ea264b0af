import { createBrowserClient } from "@unstick/testbed";
import type { Attributes } from "./pages.ts";

/** One browser that goes on visiting, and knows what its session must hold. */
export interface Visitor {
  /** Whether two of its requests may overlap: what connect-redis and koa-redis lose then is not ours to count. */
  mayOverlap: boolean;
  /** Turns played so far. */
  readonly turns: number;
  /** Requests answered by instances of each kind since {@link Visitor.forget}. */
  readonly seen: ReadonlySet<string>;
  readonly faults: readonly string[];
  forget(): void;
  /** Visit until told otherwise; asked before each turn. */
  run(mayGoOn: () => Promise<boolean>): Promise<void>;
  close(): void;
}

/** Every so many turns it logs out, with a write in flight where requests may overlap, and in again. */
const LOGOUT_EVERY = 5;

/** `staysIn`: it never logs out, so that one session goes all the way. */
export function createVisitor(url: string, user: string, staysIn: boolean): Visitor {
  return new BrowsingVisitor(url, user, staysIn);
}

class BrowsingVisitor implements Visitor {
  mayOverlap = false;
  turns = 0;
  readonly seen: Set<string> = new Set();
  readonly faults: string[] = [];
  readonly #url: string;
  readonly #user: string;
  readonly #logoutEvery: number;
  readonly #client = createBrowserClient();
  #expected: Attributes = {};

  constructor(url: string, user: string, staysIn: boolean) {
    this.#url = url;
    this.#user = user;
    this.#logoutEvery = staysIn ? Number.POSITIVE_INFINITY : LOGOUT_EVERY;
  }

  forget(): void {
    this.seen.clear();
  }

  close(): void {
    this.#client.close();
  }

  async run(mayGoOn: () => Promise<boolean>): Promise<void> {
    await this.#logIn();
    while (await mayGoOn()) {
      // In turn, so that an instance that is new meets the session by one request and by two at once.
      if (this.turns % 2 === 0) await this.#count();
      if (this.mayOverlap) await this.#noteTwice();
      if (this.turns % 2 === 1) await this.#count();
      if (this.turns % this.#logoutEvery === this.#logoutEvery - 1) await this.#logOutAndIn();
      this.turns += 1;
    }
  }

  async #logIn(): Promise<void> {
    await this.#visit(`/login?user=${this.#user}`);
    this.#expected = { user: this.#user };
  }

  async #count(): Promise<void> {
    this.#expected.count = (this.#expected.count ?? 0) + 1;
    const counted = await this.#visit("/count");
    if (counted !== String(this.#expected.count)) this.#fault("a count", counted, this.#expected.count);
    await this.#compare("after a count");
  }

  /** Two writes of different attributes at once, on two instances where the balancer does not stick. */
  async #noteTwice(): Promise<void> {
    for (const name of ["a", "b"] as const) this.#expected[`note-${name}`] = `${this.turns}`;
    await Promise.all(["a", "b"].map((name) => this.#visit(`/note?name=${name}&value=${this.turns}`)));
    await this.#compare("after two writes at once");
  }

  /** A copy of the cookie, as another tab or a thief has it, must open nothing afterwards. */
  async #logOutAndIn(): Promise<void> {
    const cookie = (await this.#client.cookies(this.#url)).map((one) => one.cookieString()).join("; ");
    const late = this.mayOverlap ? this.#visit("/note?name=late&value=1") : undefined;
    await this.#visit("/logout");
    await late;
    for (let again = 0; again < 3; again += 1) {
      const shown = await fetch(`${this.#url}/show`, { headers: { cookie } });
      const { user } = JSON.parse(await shown.text()) as Attributes;
      if (user !== undefined) this.#fault("after a logout", user, undefined);
    }
    await this.#client.clearCookies();
    await this.#logIn();
  }

  async #compare(when: string): Promise<void> {
    const shown = JSON.parse(await this.#visit("/show")) as Attributes;
    const sorted = (attributes: Attributes): string => JSON.stringify(Object.entries(attributes).sort());
    if (sorted(shown) !== sorted(this.#expected)) this.#fault(when, shown, this.#expected);
    // One fault is one fault: what is lost is not counted again with the next page.
    this.#expected = { ...shown, user: this.#user };
  }

  async #visit(page: string): Promise<string> {
    const { status, headers, body } = await this.#client.get(this.#url + page);
    const instance = String(headers["x-instance"]);
    this.seen.add(instance);
    if (status !== 200) this.#fault(`${page} at ${instance}`, status, 200);
    return body;
  }

  #fault(when: string, found: unknown, expected: unknown): void {
    const turn = `${this.#user}, turn ${this.turns}, ${[...this.seen].join(" and ")}`;
    this.faults.push(`${turn}: ${when}: ${JSON.stringify(found)} for ${JSON.stringify(expected)}`);
  }
}
