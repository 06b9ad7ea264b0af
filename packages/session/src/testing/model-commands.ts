import assert from "node:assert/strict";
import type fastCheck from "fast-check";
import type { AttributeChange, Lifetime, WriteToken } from "../backend.ts";
import type { SessionModel } from "./session-model.ts";
import { type BackendSubject, keyOf } from "./subject.ts";

type Fc = typeof fastCheck;
type Arbitrary<T> = fastCheck.Arbitrary<T>;
export type ModelCommand = fastCheck.AsyncCommand<SessionModel, BackendSubject>;

/** Calls one verb of the model and of the backend, and compares what they answer. */
class VerbCommand implements ModelCommand {
  readonly #text: string;
  readonly #expected: (model: SessionModel) => unknown;
  readonly #actual: (backend: BackendSubject["backend"]) => Promise<unknown>;

  constructor(
    text: string,
    expected: (model: SessionModel) => unknown,
    actual: (backend: BackendSubject["backend"]) => Promise<unknown>,
  ) {
    this.#text = text;
    this.#expected = expected;
    this.#actual = actual;
  }

  check(): boolean {
    return true;
  }

  async run(model: SessionModel, subject: BackendSubject): Promise<void> {
    const expected = this.#expected(model);
    assert.deepEqual(sorted(await this.#actual(subject.backend)), sorted(expected), this.#text);
  }

  toString(): string {
    return this.#text;
  }
}

/** Lets time pass for both. */
class AdvanceCommand implements ModelCommand {
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  check(): boolean {
    return true;
  }

  async run(model: SessionModel, subject: BackendSubject): Promise<void> {
    model.now += this.#ms;
    await subject.advance?.(this.#ms);
  }

  toString(): string {
    return `advance(${this.#ms})`;
  }
}

/** Commands for every verb, over so few keys, names and values that they meet all the time. */
export function modelCommands(fc: Fc, withTime: boolean): Arbitrary<ModelCommand>[] {
  const key = fc.constantFrom(...["a", "b", "c"].map(keyOf));
  const life = lifetimes(fc, withTime);
  const change = changes(fc);
  const ms = withTime ? fc.constantFrom(0, 10, 100) : fc.constantFrom(0, 600_000);
  const token = fc.option(tokens(fc), { nil: undefined });
  const attributes = change.map(({ set }) => new Map(set));
  return [
    key.map(
      (k) =>
        new VerbCommand(
          text("read", [k]),
          (m) => m.read(k),
          (b) => readOf(b, k),
        ),
    ),
    calls("create", fc.tuple(key, attributes, life)),
    calls("update", fc.tuple(key, change, life, token)),
    calls("touch", fc.tuple(key, life)),
    calls("destroy", fc.tuple(key, ms)),
    calls("rename", fc.tuple(key, key, change, life, ms)),
    fc.constant(new VerbCommand("sessionKeys()", (m) => m.sessionKeys(), listed)),
    ...(withTime
      ? [fc.constantFrom(1, 9, 10, 50, 99, 100, 60_000).map((step) => new AdvanceCommand(step))]
      : []),
  ];
}

/** Verbs that the model has under the same name and with the same arguments. */
function calls(
  name: "create" | "update" | "touch" | "destroy" | "rename",
  args: Arbitrary<unknown[]>,
): Arbitrary<ModelCommand> {
  return args.map(
    (given) =>
      new VerbCommand(
        text(name, given),
        (model) => Reflect.apply(model[name], model, given) as unknown,
        (backend) => Reflect.apply(backend[name], backend, given) as Promise<unknown>,
      ),
  );
}

/** Mostly long: a model of sessions that are all dead would agree with anything. */
function lifetimes(fc: Fc, withTime: boolean): Arbitrary<Lifetime> {
  const short = withTime ? [-1, 0, 10, 100] : [-1, 0];
  const idleMs = mostly(fc, fc.constantFrom(600_000, 900_000), fc.constantFrom(...short));
  const absoluteMs = mostly(fc, fc.constant(900_000), fc.constantFrom(0, ...(withTime ? [50, 150] : [])));
  return fc.record({ idleMs, absoluteMs }, { requiredKeys: ["idleMs"] });
}

function mostly<T, U>(fc: Fc, usual: Arbitrary<T>, rare: Arbitrary<U>): Arbitrary<T | U> {
  return fc.oneof({ weight: 7, arbitrary: usual }, { weight: 1, arbitrary: rare });
}

const NAMES: readonly string[] = ["n", "__proto__", "🍪"];
const VALUES: readonly string[] = ["", "0", "7", "x", String(Number.MAX_SAFE_INTEGER)];

/** Each name is in one of `set`, `remove` and `add`, as the contract asks. */
function changes(fc: Fc): Arbitrary<AttributeChange> {
  const part = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), value: fc.constantFrom(...VALUES) }),
    fc.record({ kind: fc.constant("add" as const), value: fc.constantFrom(1, -8, Number.MAX_SAFE_INTEGER) }),
    fc.record({ kind: fc.constantFrom("remove" as const, "none" as const) }),
  );
  const expectation = mostly(fc, fc.constant(undefined), fc.constantFrom<string | null>(null, "", "7"));
  return fc.tuple(...NAMES.map(() => fc.tuple(part, expectation))).map((parts) => {
    const [set, add, expect] = [
      new Map<string, string>(),
      new Map<string, number>(),
      new Map<string, string | null>(),
    ];
    const remove: string[] = [];
    for (const [index, [chosen, expected]] of parts.entries()) {
      const name = NAMES[index]!;
      if (chosen.kind === "set") set.set(name, chosen.value);
      if (chosen.kind === "add") add.set(name, chosen.value);
      if (chosen.kind === "remove") remove.push(name);
      if (expected !== undefined) expect.set(name, expected);
    }
    return { set, add, remove, expect };
  });
}

function tokens(fc: Fc): Arbitrary<WriteToken> {
  return fc.record({ writer: fc.constantFrom("w", "v"), sequence: fc.integer({ min: 1, max: 4 }) });
}

async function readOf(backend: BackendSubject["backend"], key: string): Promise<unknown> {
  const session = await backend.read(key);
  return session && { attributes: new Map(session.attributes), movedTo: session.movedTo };
}

async function listed(backend: BackendSubject["backend"]): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of backend.sessionKeys?.() ?? []) keys.push(key);
  return keys.sort();
}

function text(name: string, args: readonly unknown[]): string {
  return `${name}(${args.map((arg) => JSON.stringify(arg, mapsAsPairs)).join(", ")})`;
}

function mapsAsPairs(_name: string, value: unknown): unknown {
  return value instanceof Map ? [...value] : value;
}

/** Maps are equal whatever order their entries came in. */
function sorted(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (_name, value: unknown) => (value instanceof Map ? [...value].sort() : value)) ??
      "null",
  );
}
