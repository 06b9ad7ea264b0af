import { Person } from "./person.ts";

export interface CrowdMember {
  readonly name: string;
  /** The instance that answered last. */
  readonly instance: string | null;
  readonly status: "logged in" | "logged out" | "could not log in";
}

const names = ["Bo", "Cai", "Dee", "Eli", "Fay", "Gus", "Hal", "Ida", "Jo", "Kim", "Lou", "Max"];

/** Twelve people with a browser each, so that one can see who a kill or a deploy logs out. */
export class Crowd {
  #people: Person[] = [];
  #members = new Map<Person, CrowdMember>();

  get members(): CrowdMember[] {
    return [...this.#members.values()];
  }

  /** Everybody logs in anew, with an empty cookie jar. */
  async logIn(url: string, onChange: () => void): Promise<void> {
    this.forget();
    this.#people = names.map((name) => new Person(`${name.toLowerCase()}@example.org`, url));
    for (const person of this.#people) {
      const error = await person.logIn();
      const instance = (await person.whoAmI())?.instance ?? null;
      this.#note(person, instance, error === null ? "logged in" : "could not log in");
      onChange();
    }
  }

  /** Ask once for each of them; answers how many are logged out who were logged in before. */
  async check(): Promise<number> {
    let lost = 0;
    for (const person of this.#people) {
      const before = this.#members.get(person)?.status;
      if (before === undefined || before === "could not log in") continue;
      const answer = await person.whoAmI();
      const isKnown = answer?.user === person.name;
      if (before === "logged in" && !isKnown) lost += 1;
      this.#note(person, answer?.instance ?? null, isKnown ? "logged in" : "logged out");
    }
    return lost;
  }

  forget(): void {
    for (const person of this.#people) person.leave();
    this.#people = [];
    this.#members = new Map();
  }

  #note(person: Person, instance: string | null, status: CrowdMember["status"]): void {
    this.#members.set(person, { name: person.name.split("@", 1)[0] ?? "", instance, status });
  }
}
