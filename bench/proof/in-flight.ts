/** Run `step` for 0 … `count - 1`, `limit` of them at any time. Rejects with the first failure. */
export async function inFlight(
  count: number,
  limit: number,
  step: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await step(next++);
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, lane));
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
