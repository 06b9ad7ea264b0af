import type { Step } from "./fleet/messages.ts";

/** One login of a person's browser, as the instances and the identity provider reported it. */
export interface Login {
  readonly id: string;
  readonly begunBy: string;
  /** Process that made the request: a later one of the same name remembers nothing of it. */
  readonly begunByPid: number;
  readonly isSignedIn: boolean;
  readonly answered: Step | null;
  readonly welcomed: Step | null;
}

const longest = 100;

/** The latest logins of people's browsers. */
export class Journal {
  #logins: Login[] = [];

  /** `pidOf` tells which process now has an instance's name. */
  noteStep(step: Step, pidOf: (instance: string) => number): void {
    if (step.isSimulated || step.login === "") return;
    if (step.kind === "begun") {
      const login: Login = {
        id: step.login,
        begunBy: step.instance,
        begunByPid: pidOf(step.instance),
        isSignedIn: false,
        answered: null,
        welcomed: null,
      };
      this.#logins = [login, ...this.#logins].slice(0, longest);
      return;
    }
    this.#change(step.login, { [step.kind]: step });
  }

  /** The identity provider has answered this request. */
  noteSignedIn(id: string): void {
    this.#change(id, { isSignedIn: true });
  }

  get latest(): Login | null {
    return this.#logins[0] ?? null;
  }

  forget(): void {
    this.#logins = [];
  }

  #change(id: string, change: Partial<Login>): void {
    this.#logins = this.#logins.map((login) => (login.id === id ? { ...login, ...change } : login));
  }
}
