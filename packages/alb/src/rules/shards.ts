/** [D] What is over 4K is split, into at most four cookies (16K). */
const shardCharacters = 4_000;
export const shardNames = ["AWSALBAPP-0", "AWSALBAPP-1", "AWSALBAPP-2", "AWSALBAPP-3"] as const;

/** [O] The literal that an unused shard carries; it is a stored value, with an Expires like any other. */
export const removed = "_remove_";

/** [O] All four cookies are written each time; `null` asks for four times `_remove_`. */
export function splitIntoShards(value: string | null): readonly string[] {
  return shardNames.map((_, index) => {
    const part = (value ?? "").slice(index * shardCharacters, (index + 1) * shardCharacters);
    return part === "" ? removed : part;
  });
}

/** Bytes of sealed value that fit into the four shards as base64. */
export const largestSealedBytes: number = Math.floor((shardCharacters * shardNames.length) / 4) * 3;

/** What a client sent back, put together; null when there is nothing but `_remove_`. */
export function joinShards(shards: readonly (string | undefined)[]): string | null {
  const value = shards.map((shard) => (shard === undefined || shard === removed ? "" : shard)).join("");
  return value === "" ? null : value;
}
