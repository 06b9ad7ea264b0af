/** Whether two keys live in one slot of a cluster. */
export function isSameSlot(a: string, b: string): boolean {
  return slotOf(a) === slotOf(b);
}

/** CRC16 (XMODEM) of the key, or of its hash tag, modulo 16384 (redis.io: cluster specification). */
export function slotOf(key: string): number {
  let crc = 0;
  for (const byte of Buffer.from(hashTag(key))) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1)
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc % 16384;
}

/** What stands between the first `{` and the first `}` after it, unless that is nothing. */
function hashTag(key: string): string {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}
