import type { Page } from "@unstick/testbed/browser-client";
import type { Fleet } from "../fleet/fleet.ts";
import type { Mode } from "../modes.ts";
import { Person } from "../person.ts";
import { type Figures, tally } from "./tally.ts";

/** How many people log in at the same time. */
const atOnce = 10;

/** Someone who has clicked *Log in* and is typing a password while an instance dies. */
interface Typing {
  readonly person: Person;
  readonly signIn: Page | string;
}

/**
 * Play `logins` logins in one mode. Half-way ten people are at the identity provider, and the instance that has
 * had most requests is killed; they come back when the balancer has noticed. Nobody retries anything.
 */
export async function play(fleet: Fleet, url: string, mode: Mode, logins: number): Promise<Figures> {
  await fleet.begin(mode);
  const people = Array.from({ length: logins }, (_, index) => new Person(`person${index}@example.org`, url));
  const half = Math.max(0, Math.floor(logins / 2) - atOnce);
  const [early, typing, late] = [
    people.slice(0, half),
    people.slice(half, half + atOnce),
    people.slice(half + atOnce),
  ];
  try {
    const errors = await inTurns(early, (person) => person.logIn());
    const begun = await inTurns(typing, async (person) => ({ person, signIn: await person.begin() }));
    const before = fleet.views();
    const known = await whoIsKnown(early);
    const killed = busiest(fleet);
    await fleet.kill(killed);
    const stillKnown = new Set(await whoIsKnown(known));
    errors.push(...(await inTurns(begun, finish)));
    errors.push(...(await inTurns(late, (person) => person.logIn())));
    const lost = known.filter((person) => !stillKnown.has(person)).length;
    return tally({ mode, errors, killed, before, after: fleet.views(), known: known.length, lost });
  } finally {
    for (const person of people) person.leave();
  }
}

function finish({ person, signIn }: Typing): Promise<string | null> {
  return typeof signIn === "string" ? Promise.resolve(signIn) : person.finish(signIn);
}

async function whoIsKnown(people: readonly Person[]): Promise<Person[]> {
  const answers = await inTurns(people, (person) => person.isKnown());
  return people.filter((_, index) => answers[index]);
}

function busiest(fleet: Fleet): string {
  const [most] = fleet.views().toSorted((a, b) => b.requests - a.requests);
  return most?.name ?? "";
}

/** All of them, {@link atOnce} at a time; the answers in the order of the items. */
async function inTurns<Item, Answer>(
  items: readonly Item[],
  act: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) answers[index] = await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return answers;
}
