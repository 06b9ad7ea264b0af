/** Values as JSON has them, and small changes of them; the same again for the same seed. */
export interface RandomValues {
  any(): unknown;
  /** Another value that is next to it, an equal one, or the object itself, changed in place. */
  changed(value: unknown): unknown;
}

type Random = (below: number) => number;
type Tree = Record<string, unknown> | unknown[];

const DEPTH = 3;
const WIDTH = 4;
const names = ["a", "b", "user", "cart", "0", "__proto__x", "é", "count", "list", "x y"];
const texts = ["", "a", "A", "aa", "é", "e\u0301", "😀", "0", "null", '"', "\\", "\u2028", "a".repeat(70)];
const numbers = [0, -0, 1, -1, 0.1, 1e21, 2 ** 53, 2 ** 53 + 2, 1e-7, 4_294_967_296];

export function randomValues(seed: number): RandomValues {
  const random = generator(seed);
  return {
    any: () => anyValue(random, DEPTH),
    changed: (value) => {
      if (random(8) === 0) return JSON.parse(JSON.stringify(value)) as unknown;
      if (typeof value !== "object" || value === null) return changedLeaf(random, value);
      changeTree(random, value as Tree);
      return value;
    },
  };
}

/** xorshift32. */
function generator(seed: number): Random {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function anyValue(random: Random, depth: number): unknown {
  const kind = random(depth > 0 ? 8 : 5);
  if (kind >= 6) return Object.fromEntries(members(random, depth).map((one) => [pick(random, names), one]));
  if (kind === 5) return members(random, depth);
  return [leafText, leafText, leafNumber, leafWord, leafNumber][kind]?.(random);
}

function members(random: Random, depth: number): unknown[] {
  return Array.from({ length: random(WIDTH) }, () => anyValue(random, depth - 1));
}

function leafText(random: Random): string {
  return random(3) === 0 ? pick(random, texts) : random(2 ** 24).toString(36);
}

function leafNumber(random: Random): number {
  return random(3) === 0 ? pick(random, numbers) : random(1_000) / (1 + random(3));
}

function leafWord(random: Random): boolean | null {
  return pick(random, [true, false, null]);
}

function changedLeaf(random: Random, value: unknown): unknown {
  if (typeof value === "number") return pick(random, [value + 1, -value, String(value), value * 2]);
  if (typeof value === "string") return changedText(random, value);
  return anyValue(random, 1);
}

function changedText(random: Random, text: string): string {
  const at = random(text.length + 1);
  const ways = [
    () => text.slice(0, at) + text.slice(at + 1),
    () => text.slice(0, at) + pick(random, texts) + text.slice(at),
    () => text.toUpperCase(),
    () => [...text].reverse().join(""),
  ];
  return pick(random, ways)();
}

function changeTree(random: Random, tree: Tree): void {
  const keys = Object.keys(tree);
  const key = keys[random(Math.max(1, keys.length))];
  const way = random(5);
  if (key === undefined || way === 0) grow(random, tree);
  else if (way === 1) shrink(tree, key);
  else if (way === 2) moveLast(tree, key);
  else changeBranch(random, tree as Record<string, unknown>, key);
}

function changeBranch(random: Random, tree: Record<string, unknown>, key: string): void {
  const value = tree[key];
  if (typeof value === "object" && value !== null) changeTree(random, value as Tree);
  else tree[key] = changedLeaf(random, value);
}

function grow(random: Random, tree: Tree): void {
  if (Array.isArray(tree)) tree.push(anyValue(random, 1));
  else tree[pick(random, names)] = anyValue(random, 1);
}

function shrink(tree: Tree, key: string): void {
  if (Array.isArray(tree)) tree.splice(Number(key), 1);
  else delete tree[key];
}

/** The order of members counts: it is other text. */
function moveLast(tree: Tree, key: string): void {
  if (Array.isArray(tree)) {
    tree.push(...tree.splice(Number(key), 1));
    return;
  }
  const value = tree[key];
  delete tree[key];
  tree[key] = value;
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[random(values.length)] as Value;
}
