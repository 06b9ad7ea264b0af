/** [D] Over 7 KB of headers, X-Amzn-Trace-Id is rewritten with nothing but a Root. */
const mostHeaderBytes = 7 * 1024;

/**
 * [D] X-Amzn-Trace-Id: none gets a Root; one with a Root gets `Self=` in front, in place of a Self it had; one without a
 * Root gets one; other fields stay.
 */
export function traceId(
  given: string | undefined,
  headerBytes: number,
  nowMs: number,
  newId: () => string,
): string {
  const stamp = `1-${Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, "0")}-${newId()}`;
  if (given === undefined || given.trim() === "" || headerBytes > mostHeaderBytes) return `Root=${stamp}`;
  const fields = given
    .split(";")
    .map((field) => field.trim())
    .filter((field) => field !== "" && !/^Self=/i.test(field));
  const hasRoot = fields.some((field) => /^Root=/i.test(field));
  return [`${hasRoot ? "Self" : "Root"}=${stamp}`, ...fields].join(";");
}
