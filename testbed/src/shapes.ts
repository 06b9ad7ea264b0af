import { setFlagsFromString } from "node:v8";

setFlagsFromString("--allow-natives-syntax");
const isSameShape = new Function("one", "other", "return %HaveSameMap(one, other)") as (
  one: object,
  other: object,
) => boolean;

/** How many shapes (V8: maps, hidden classes) these objects have among them; V8 is asked itself. */
export function countShapes(objects: readonly object[]): number {
  return objects.filter((object, at) => objects.findIndex((other) => isSameShape(other, object)) === at)
    .length;
}
