import type { Page } from "@unstick/testbed/browser-client";
import type { Demo } from "../demo.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { Mode } from "../modes.ts";
import { Person } from "../person.ts";
import { type Figures, tally } from "./tally.ts";

/** How many people log in at the same time. */
const atOnce = 10;

/** Browsers of one person: what a logout everywhere has to find. */
const browsersEach = 4;

/** Someone who has clicked *Log in* and is typing a password while an instance dies. */
interface Typing {
  readonly person: Person;
  readonly signIn: Page | string;
}

/**
 * Play `logins` logins in one mode. Half-way ten people are at the identity provider, and the instance that has
 * had most requests is killed; they come back when the balancer has noticed. Nobody retries anything. Then every
 * answer is presented once more, by a stranger; and the identity provider logs everybody out.
 */
export async function play(demo: Demo, mode: Mode, logins: number): Promise<Figures> {
  const { fleet, publicUrl } = demo;
  await fleet.begin(mode);
  const people = Array.from({ length: logins }, (_, index) => {
    return new Person(`person${Math.floor(index / browsersEach)}@example.org`, publicUrl);
  });
  try {
    const logging = await logEverybodyIn(fleet, people);
    const after = fleet.views();
    const replays = await presentAgain(demo, people);
    const logout = await logEverybodyOut(demo, people);
    return tally({ mode, after, ...logging, ...replays, ...logout });
  } finally {
    for (const person of people) person.leave();
  }
}

async function logEverybodyIn(fleet: Fleet, people: readonly Person[]) {
  const half = Math.max(0, Math.floor(people.length / 2) - atOnce);
  const [early, typing, late] = [
    people.slice(0, half),
    people.slice(half, half + atOnce),
    people.slice(half + atOnce),
  ];
  const errors = await inTurns(early, (person) => person.logIn());
  const begun = await inTurns(typing, async (person) => ({ person, signIn: await person.begin() }));
  const before = fleet.views();
  const known = await whoIsKnown(fleet, early);
  const killed = busiest(fleet);
  await fleet.kill(killed);
  const stillKnown = await whoIsKnown(fleet, known);
  errors.push(...(await inTurns(begun, finish)));
  errors.push(...(await inTurns(late, (person) => person.logIn())));
  return { errors, before, killed, known: known.length, lost: known.length - stillKnown.length };
}

function finish({ person, signIn }: Typing): Promise<string | null> {
  return typeof signIn === "string" ? Promise.resolve(signIn) : person.finish(signIn);
}

/** Each answer that was taken to the application, once more, through the balancer, by a browser without a cookie. */
async function presentAgain({ fleet, publicUrl }: Demo, people: readonly Person[]) {
  const answers = people.flatMap(({ answer }) => answer ?? []);
  const accepted = await inTurns(answers, async (answer) => {
    const stranger = new Person("stranger@example.org", publicUrl);
    const error = await stranger.present(answer);
    const isInside = (await stranger.whoKnows(fleet.views())).length > 0;
    stranger.leave();
    return error === null || isInside;
  });
  return { replays: answers.length, replaysAccepted: accepted.filter(Boolean).length };
}

/** One LogoutRequest for each person; what is counted are their browsers. */
async function logEverybodyOut({ fleet, idp }: Demo, people: readonly Person[]) {
  const known = await whoIsKnown(fleet, people);
  const names = [...new Set(known.map(({ name }) => name))];
  await inTurns(names, (name) => idp.logOut(name));
  const alive = await whoIsKnown(fleet, known);
  return { loggedOut: known.length, alive: alive.length };
}

/** By any instance, each asked by itself. */
async function whoIsKnown(fleet: Fleet, people: readonly Person[]): Promise<Person[]> {
  const answers = await inTurns(people, (person) => person.whoKnows(fleet.views()));
  return people.filter((_, index) => (answers[index]?.length ?? 0) > 0);
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
