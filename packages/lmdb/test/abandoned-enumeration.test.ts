import assert from "node:assert/strict";
import { lmdbBackend } from "@unstick/lmdb";
import { test } from "vitest";
import { freshFile } from "./fresh-file.ts";

const LONG = { idleMs: 600_000 };

test("an enumeration that is left half-way holds no snapshot: others write on, and it goes on with what is left", async () => {
  const { path, remove } = await freshFile();
  const [backend, other] = [lmdbBackend({ path }), lmdbBackend({ path })];
  const names = Array.from({ length: 600 }, (_, index) => `key ${index}`);
  await Promise.all(names.map((key) => backend.create(key, new Map(), LONG)));
  const keys = other.sessionKeys()[Symbol.asyncIterator]();
  await keys.next();
  await Promise.all(names.map((key) => backend.destroy(key, 0)));
  assert.equal((await keys.next()).done, true);
  await backend.close?.();
  await other.close?.();
  await remove();
});
