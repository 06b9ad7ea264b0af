import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { lmdbBackend, lmdbState } from "@unstick/lmdb";
import { open } from "lmdb";
import { test, vi } from "vitest";
import { freshFile } from "./fresh-file.ts";

/** Thousands of flushes, on whatever disk. */
vi.setConfig({ testTimeout: 120_000 });

const VALUE = "x".repeat(200);
const BATCH = 500;

/** Rows and index entries in the file, past the backend. */
function countRows(path: string): { rows: number; expiry: number } {
  const layout = { encoding: "binary", keyEncoding: "binary" } as const;
  const root = open<Buffer, Buffer>({ path, noSubdir: true, ...layout });
  root.resetReadTxn();
  const [rows, expiry] = ["unstick.rows", "unstick.expiry"].map((name) =>
    root.openDB<Buffer, Buffer>({ name, ...layout }).getKeysCount({}),
  );
  return { rows: rows!, expiry: expiry! };
}

test("200,000 short sessions: the file stops growing, and what has expired is swept", async () => {
  const { path, now, advance, remove } = await freshFile();
  const backend = lmdbBackend({ path, now });
  const sizes: number[] = [];
  for (let batch = 0; batch < 200_000 / BATCH; batch += 1) {
    const created = Array.from({ length: BATCH }, (_, index) =>
      backend.create(`session ${batch} ${index}`, new Map([["value", VALUE]]), { idleMs: 10_000 }),
    );
    await Promise.all(created);
    advance(1_000);
    if (batch % 40 === 39) sizes.push(statSync(path).size);
  }
  // At any time 5,000 sessions are alive; the first measure is taken after 20,000.
  assert.ok(sizes.at(-1)! <= sizes[1]! * 1.1, `${sizes}`);
  assert.ok(sizes.at(-1)! < 16 * 1_048_576, `${sizes}`);
  const { rows, expiry } = countRows(path);
  assert.ok(rows <= 2 * 10 * BATCH, `${rows} rows`);
  assert.equal(rows, expiry);
  await backend.close?.();
  await remove();
});

test("sessions that are touched, renamed, destroyed and shortened leave no index entry behind", async () => {
  const { path, now, advance, remove } = await freshFile();
  const [backend, state] = [lmdbBackend({ path, now }), lmdbState({ path, now })];
  for (let index = 0; index < 60; index += 1) {
    const key = `session ${index}`;
    await backend.create(key, new Map(), { idleMs: 60_000 });
    await backend.touch(key, { idleMs: 3_600_000 });
    await backend.touch(key, { idleMs: 1_000 });
    await backend.linkPrincipal("someone", key, "", { idleMs: 1_000 });
    await state.put(key, "1", 500);
    if (index % 3 === 0) await backend.rename(key, `${key} again`, {}, { idleMs: 1_000 }, 10);
    if (index % 3 === 1) await backend.destroy(key, index % 2 ? 1_000 : 0);
    advance(5);
  }
  advance(120_000);
  for (let index = 0; index < 40; index += 1) await backend.destroy("nobody", 1);
  const { rows, expiry } = countRows(path);
  // The last tombstone, and the counter that orders a principal's sessions.
  assert.deepEqual({ rows, expiry }, { rows: 2, expiry: 2 });
  await Promise.all([backend.close?.(), state.close?.()]);
  await remove();
});

test("a session that is kept alive by touches is moved on in the index, not swept", async () => {
  const { path, now, advance, remove } = await freshFile();
  const backend = lmdbBackend({ path, now });
  await backend.create("kept", new Map([["n", "1"]]), { idleMs: 1_000 });
  for (let round = 0; round < 50; round += 1) {
    advance(600);
    assert.equal(await backend.touch("kept", { idleMs: 1_000 }), "ok");
  }
  assert.equal((await backend.read("kept"))?.attributes.get("n"), "1");
  assert.deepEqual(countRows(path), { rows: 1, expiry: 1 });
  await backend.close?.();
  await remove();
});
