import { open } from "lmdb";

/** Writes into the file past the backend: another format version, or bytes that are not what was stored. */
export async function damageRow(path: string, key: string, kind: "damaged" | "newer"): Promise<void> {
  const layout = { encoding: "binary", keyEncoding: "binary" } as const;
  const root = open<Buffer, Buffer>({ path, noSubdir: true, ...layout });
  const rows = root.openDB<Buffer, Buffer>({ name: "unstick.rows", ...layout });
  const rowKey = Buffer.from(`unstick\0session\0${key}`);
  const bytes = Buffer.from(rows.get(rowKey)!);
  if (kind === "newer") bytes[0] = 99;
  else bytes[bytes.length - 4]! ^= 1;
  await rows.put(rowKey, bytes);
}
