/** Where nothing is made of a value. */
export function asIs<Value>(value: Value): Value {
  return value;
}
