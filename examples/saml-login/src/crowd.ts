import { Person } from "./person.ts";
import type { Askable } from "./who-am-i.ts";

/** One session of somebody, or the attempt at one. */
export interface CrowdMember {
  /** As the identity provider knows them. */
  readonly name: string;
  readonly device: string;
  /** Instances that know this session. */
  readonly knownBy: readonly string[];
  readonly status: "logged in" | "logged out" | "could not log in";
}

const names = ["ada", "bo", "cai", "dee"].map((name) => `${name}@example.org`);
const devices = ["phone", "tablet", "laptop"];

/** Four people with three browsers each, so that one can see who a kill, a deploy or a logout logs out. */
export class Crowd {
  #members = new Map<Person, CrowdMember>();

  get members(): CrowdMember[] {
    return [...this.#members.values()];
  }

  /** Everybody logs in anew on each device, with an empty cookie jar. */
  async logIn(url: string, instances: () => readonly Askable[], onChange: () => void): Promise<void> {
    this.forget();
    for (const name of names) {
      for (const device of devices) {
        const person = new Person(name, url);
        const error = await person.logIn();
        const knownBy = await person.whoKnows(instances());
        // Only a login that led to its page counts, as it would to the person.
        const status = error === null ? "logged in" : "could not log in";
        this.#members.set(person, { name, device, knownBy, status });
        onChange();
      }
    }
  }

  /** Ask every instance about each session; answers those that were lost since they were asked before. */
  async check(instances: readonly Askable[]): Promise<readonly CrowdMember[]> {
    const lost: CrowdMember[] = [];
    for (const [person, before] of this.#members) {
      const knownBy = await person.whoKnows(instances);
      const isIn = knownBy.length > 0 ? "logged in" : "logged out";
      const status = before.status === "could not log in" ? before.status : isIn;
      const now: CrowdMember = { ...before, knownBy, status };
      this.#members.set(person, now);
      if (before.status === "logged in" && status === "logged out") lost.push(now);
    }
    return lost;
  }

  forget(): void {
    for (const person of this.#members.keys()) person.leave();
    this.#members = new Map();
  }
}
