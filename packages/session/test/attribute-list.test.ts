import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AttributeList } from "../src/table/attribute-list.ts";

/** From few names, so that they meet, to more than are searched for one by one. */
const names = fc.oneof(
  fc.constantFrom("", "a", "b", "__proto__", "constructor"),
  fc.nat(40).map((at) => `name ${at}`),
);
const attributes = fc.array(fc.tuple(names, fc.string({ maxLength: 3 })), { maxLength: 60 });
const steps = fc.array(
  fc.oneof(
    attributes.map((others) => ({ others: new Map(others) })),
    fc.array(names, { maxLength: 6 }).map((gone) => ({ gone })),
  ),
  { maxLength: 8 },
);

function expectSame(list: AttributeList, model: ReadonlyMap<string, string>): void {
  expect([...list]).toEqual([...model]);
  expect([[...list.keys()], [...list.values()], [...list.entries()], list.size]).toEqual([
    [...model.keys()],
    [...model.values()],
    [...model.entries()],
    model.size,
  ]);
  for (const name of [...model.keys(), "nobody's"]) {
    expect([list.has(name), list.get(name)]).toEqual([model.has(name), model.get(name)]);
  }
  const visited: unknown[] = [];
  list.forEach((value, name, whole) => void visited.push([name, value, whole === list]));
  expect(visited).toEqual([...model].map((pair) => [...pair, true]));
}

test("a list answers as a Map does, and none of those it was made from changes", () => {
  fc.assert(
    fc.property(attributes, steps, (first, then) => {
      const made: [AttributeList, ReadonlyMap<string, string>][] = [];
      let model: ReadonlyMap<string, string> = new Map(first);
      let list = AttributeList.of(model);
      made.push([list, model]);
      for (const step of then) {
        const next = new Map(model);
        if ("gone" in step) {
          for (const name of step.gone) next.delete(name);
          list = list.without(step.gone);
        } else {
          for (const [name, value] of step.others) next.set(name, value);
          list = list.with(step.others);
        }
        model = next;
        made.push([list, model]);
      }
      for (const [one, itsModel] of made) expectSame(one, itsModel);
    }),
    { numRuns: 500 },
  );
});

test("what it was made of may change, and it prints as the map that it stands for", () => {
  const map = new Map([["user", "ada"]]);
  const list = AttributeList.of(map);
  map.set("user", "eve");
  expect(inspect(list)).toBe("Map(1) { 'user' => 'ada' }");
  expect("set" in list || "delete" in list || "clear" in list).toBe(false);
});
