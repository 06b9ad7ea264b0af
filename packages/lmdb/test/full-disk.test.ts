import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { lmdbBackend } from "@unstick/lmdb";
import { test } from "vitest";
import { freshFile } from "./fresh-file.ts";

/** Runs where files may not grow beyond 1 MiB: what a full disk does, without filling one. */
const PROGRAM = `
  import { lmdbBackend } from "@unstick/lmdb";
  const backend = lmdbBackend({ path: process.argv[1] });
  const big = new Map([["big", "x".repeat(300_000)]]);
  let stored = 0, failure;
  while (failure === undefined) {
    try { await backend.create("key" + stored, big, { idleMs: 600_000 }); stored += 1; } catch (error) { failure = error; }
  }
  const { code, status, message } = failure;
  const readable = (await backend.read("key0"))?.attributes.get("big")?.length;
  await backend.destroy("key0", 0);
  const smaller = await backend.create("small", new Map([["n", "1"]]), { idleMs: 600_000 });
  console.log(JSON.stringify({ stored, code, status, message, readable, smaller }));
  process.exit();
`;

test("a full disk: writes are refused with a clear error, reads and what makes room go on, nothing is lost", async () => {
  const { path, remove } = await freshFile();
  const args = ["-c", 'ulimit -f 1024; exec "$@"', "bash", process.execPath];
  args.push("--import", "tsx", "--input-type=module", "-e", PROGRAM, path);
  const { stdout } = await promisify(execFile)("bash", args);
  const { stored, code, status, message, readable, smaller } = JSON.parse(stdout);
  assert.ok(stored >= 1);
  assert.deepEqual([code, status, readable, smaller], ["ERR_UNSTICK_BACKEND", 503, 300_000, "ok"]);
  assert.match(message, /^lmdb backend: commit failed: /);
  const backend = lmdbBackend({ path });
  for (let index = 1; index < stored; index += 1) {
    assert.equal((await backend.read(`key${index}`))?.attributes.get("big")?.length, 300_000);
  }
  assert.equal((await backend.read("small"))?.attributes.get("n"), "1");
  await backend.close?.();
  await remove();
});
