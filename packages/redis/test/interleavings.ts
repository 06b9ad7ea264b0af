import type { Redis } from "ioredis";
import type { RedisClient } from "../src/index.ts";

/** One process: it takes its steps, which are its commands, when it is told to. */
interface Actor {
  readonly name: string;
  /** The command it would send next. */
  pending: { send(): void; refuse(error: Error): void } | undefined;
  isDone: boolean;
  /** Called whenever it waits again, or is done. */
  settled: () => void;
}

/** What runs at once: by name, what each process does with a client of its own. */
export type Scene = Readonly<Record<string, (client: RedisClient) => Promise<unknown>>>;

export interface Bounds {
  /** How often a process that could go on is interrupted. */
  readonly switches: number;
  /** Processes that may die before any of their commands. */
  readonly mortal?: readonly string[];
}

/** How one run went: the commands in their order, by the name of who sent them. */
export type Course = readonly string[];

/**
 * Run a scene once for each order in which its processes' commands can reach the server, within the bounds (Musuvathi
 * and Qadeer, "Iterative context bounding", PLDI 2007). Answers how many there were.
 */
export async function explore(
  redis: Redis,
  bounds: Bounds,
  begin: (round: number) => Promise<{ scene: Scene; verify(course: Course): Promise<void> }>,
): Promise<number> {
  const path = new Path();
  let round = 0;
  do {
    const { scene, verify } = await begin(round);
    round += 1;
    await runScene(redis, bounds, scene, path, verify);
  } while (path.next());
  return round;
}

/** The decisions of a run, and the next run that decides otherwise. */
class Path {
  #taken: { choice: number; readonly of: number }[] = [];
  #at = 0;

  choose(of: number): number {
    if (this.#at === this.#taken.length) this.#taken.push({ choice: 0, of });
    const { choice } = this.#taken[this.#at]!;
    this.#at += 1;
    return choice;
  }

  next(): boolean {
    this.#at = 0;
    while (this.#taken.length > 0) {
      const last = this.#taken.at(-1)!;
      last.choice += 1;
      if (last.choice < last.of) return true;
      this.#taken.pop();
    }
    return false;
  }
}

async function runScene(
  redis: Redis,
  bounds: Bounds,
  scene: Scene,
  path: Path,
  verify: (course: Course) => Promise<void>,
): Promise<void> {
  const actors = Object.keys(scene).map((name) => newActor(name));
  const ends = actors.map((actor) => start(redis, actor, scene[actor.name]!));
  for (const actor of actors) await waiting(actor);
  const course: string[] = [];
  const dead: Actor[] = [];
  let last: Actor | undefined;
  let switches = 0;
  for (;;) {
    const ready = actors.filter((actor) => !actor.isDone && !dead.includes(actor));
    if (ready.length === 0) break;
    const canGoOn = last !== undefined && ready.includes(last);
    const options = canGoOn && switches === bounds.switches ? [last!] : ready;
    const mortal = options.filter(({ name }) => bounds.mortal?.includes(name));
    const choice = path.choose(options.length + mortal.length);
    const actor = (options[choice] ?? mortal[choice - options.length]) as Actor;
    if (choice >= options.length) {
      course.push(`${actor.name} dies`);
      dead.push(actor);
      continue;
    }
    if (canGoOn && actor !== last) switches += 1;
    last = actor;
    course.push(actor.name);
    const { pending } = actor;
    actor.pending = undefined;
    pending?.send();
    await waiting(actor);
  }
  await Promise.all(actors.filter((actor) => !dead.includes(actor)).map((one) => ends[actors.indexOf(one)]));
  await verify(course);
  for (const actor of dead) actor.pending?.refuse(new Error("this process died"));
}

function newActor(name: string): Actor {
  return { name, pending: undefined, isDone: false, settled: () => {} };
}

function start(
  redis: Redis,
  actor: Actor,
  work: (client: RedisClient) => Promise<unknown>,
): Promise<unknown> {
  const call = (name: string, args: readonly string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const send = (): void => void redis.call(name, [...args]).then(resolve, reject);
      actor.pending = { send, refuse: reject };
      actor.settled();
    });
  const end = work({ call, on: () => {} } as RedisClient).finally(() => {
    actor.isDone = true;
    actor.settled();
  });
  end.catch(() => {});
  return end;
}

/** Until it has a command to send, or is done. */
async function waiting(actor: Actor): Promise<void> {
  while (actor.pending === undefined && !actor.isDone) {
    await new Promise<void>((resolve) => {
      actor.settled = resolve;
    });
  }
}
