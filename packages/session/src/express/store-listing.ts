import type { Engine } from "../engine/engine.ts";
import { withoutNote } from "./missing-cookie.ts";
import type { StoredSession } from "./store-options.ts";

/** A session in a list, named by its handle. */
export type ListedSession = StoredSession & { readonly id: string };

export async function listHandles(engine: Engine): Promise<string[]> {
  const handles: string[] = [];
  for await (const handle of engine.handles()) handles.push(handle);
  return handles;
}

export async function countSessions(engine: Engine): Promise<number> {
  let count = 0;
  for await (const _handle of engine.handles()) count++;
  return count;
}

export async function readSessions(engine: Engine): Promise<ListedSession[]> {
  const sessions: ListedSession[] = [];
  for await (const key of engine.keys()) {
    const session = await engine.loadKey(key);
    const data = session === null ? undefined : withoutNote(session.toObject());
    if (session?.isDamaged === false) {
      sessions.push({ ...(data as unknown as StoredSession), id: session.handle });
    }
  }
  return sessions;
}

export async function clearSessions(engine: Engine): Promise<void> {
  await engine.clear();
}
