import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmdbBackend, lmdbState } from "@unstick/lmdb";
import type { BackendSubject, StateSubject } from "@unstick/session/testing";
import { damageRow } from "./damage-row.ts";

/** A data file in a folder of its own below `parent`, and a clock that moves when told. */
export async function freshFile(parent: string = tmpdir()): Promise<{
  path: string;
  now: () => number;
  advance: (ms: number) => void;
  remove: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(parent, "unstick-lmdb-"));
  let time = Date.now();
  return {
    path: join(folder, "sessions.mdb"),
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

export async function freshBackend(): Promise<BackendSubject> {
  const { path, now, advance, remove } = await freshFile();
  const [backend, sibling] = [lmdbBackend({ path, now }), lmdbBackend({ path, now })];
  const close = async () => {
    await Promise.all([backend.close?.(), sibling.close?.()]);
    await remove();
  };
  return { backend, sibling, advance, damage: (key, kind) => damageRow(path, key, kind), close };
}

export async function freshState(): Promise<StateSubject> {
  const { path, now, advance, remove } = await freshFile();
  const [state, sibling] = [lmdbState({ path, now }), lmdbState({ path, now })];
  const close = async () => {
    await Promise.all([state.close?.(), sibling.close?.()]);
    await remove();
  };
  return { state, sibling, advance, close };
}
