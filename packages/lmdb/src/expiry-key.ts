/** `[milliseconds as 8 bytes, big endian][row key]`. */
export function expiryKey(time: number, rowKey: Buffer): Buffer {
  return Buffer.concat([timeBytes(time), rowKey]);
}

export function rowKeyOf(expiryKey: Buffer): Buffer {
  return expiryKey.subarray(8);
}

/** Behind all keys of this time and before. */
export function behindTime(time: number): Buffer {
  return timeBytes(time + 1);
}

function timeBytes(time: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(Math.max(0, Math.ceil(time))));
  return bytes;
}
