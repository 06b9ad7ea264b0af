/**
 * What one request changed, put on what is stored meanwhile: by attribute, compared by its JSON. With one
 * string for all of a session this is the most that can be kept apart.
 */
export function mergeSessions(base: object, theirs: object, ours: object): Record<string, unknown> {
  const [from, stored, wanted] = [entries(base), entries(theirs), entries(ours)];
  const merged = new Map(stored);
  for (const name of new Set([...from.keys(), ...wanted.keys()])) {
    if (JSON.stringify(from.get(name)) === JSON.stringify(wanted.get(name))) continue;
    if (wanted.has(name)) merged.set(name, wanted.get(name));
    else merged.delete(name);
  }
  return Object.fromEntries(merged);
}

/** Whether two hold the same, their cookies' settings apart: those tell when they were read. */
export function isSameData(one: object, other: object): boolean {
  const [left, right] = [entries(one), entries(other)];
  const names = new Set([...left.keys(), ...right.keys()]);
  names.delete("cookie");
  return [...names].every((name) => JSON.stringify(left.get(name)) === JSON.stringify(right.get(name)));
}

function entries(session: object): Map<string, unknown> {
  return new Map(Object.entries(session));
}
