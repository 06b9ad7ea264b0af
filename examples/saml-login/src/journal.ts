import type { Step } from "./fleet/messages.ts";

/** One login of a person's browser, as the instances and the identity provider reported it. */
export interface Login {
  readonly begunBy: string;
  /** Process that made the request: a later one of the same name remembers nothing of it. */
  readonly begunByPid: number;
  readonly isSignedIn: boolean;
  /** The identity provider's answer arrived by POST. */
  readonly answered: Step | null;
  /** The browser came for it with its ticket. */
  readonly redeemed: Step | null;
  /** The page after it. */
  readonly welcomed: Step | null;
}

interface Entry {
  /**
   * What steps call this login: the id of its AuthnRequest, the hash of its ticket, the visit that the page named.
   * No step knows them all; each shares one with an earlier one.
   */
  readonly names: Set<string>;
  login: Login;
  /** The SAMLResponse, as whoever copied it on its way would have it. */
  answer: string | null;
}

const longest = 100;

/** The latest logins of people's browsers. */
export class Journal {
  #entries: Entry[] = [];

  /** `pidOf` tells which process now has an instance's name. */
  noteStep(step: Step, pidOf: (instance: string) => number): void {
    if (step.isSimulated || step.names.length === 0) return;
    if (step.kind === "begun") {
      const login: Login = {
        begunBy: step.instance,
        begunByPid: pidOf(step.instance),
        isSignedIn: false,
        answered: null,
        redeemed: null,
        welcomed: null,
      };
      this.#entries = [{ names: new Set(step.names), login, answer: null }, ...this.#entries].slice(
        0,
        longest,
      );
      return;
    }
    const entry = this.#find(step.names);
    if (entry === undefined) return;
    for (const name of step.names) entry.names.add(name);
    entry.login = { ...entry.login, [step.kind]: step };
  }

  /** The identity provider has answered this request. */
  noteSignedIn(requestId: string, answer: string): void {
    const entry = this.#find([requestId]);
    if (entry === undefined) return;
    entry.login = { ...entry.login, isSignedIn: true };
    entry.answer = answer;
  }

  get latest(): Login | null {
    return this.#entries[0]?.login ?? null;
  }

  /** The answer to the latest login; null while there is none. */
  get latestAnswer(): string | null {
    return this.#entries[0]?.answer ?? null;
  }

  forget(): void {
    this.#entries = [];
  }

  #find(names: readonly string[]): Entry | undefined {
    return this.#entries.find((entry) => names.some((name) => entry.names.has(name)));
  }
}
