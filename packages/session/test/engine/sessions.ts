import { type Engine, sessionHandle, sessionKey } from "@unstick/session";

type LoadedSession = NonNullable<Awaited<ReturnType<Engine["load"]>>>;

/** Store a new session with these attributes; answers its id. */
export async function stored(engine: Engine, values: object, principal?: string): Promise<string> {
  const session = engine.create();
  session.assign(values);
  session.principal = principal;
  const outcome = await session.save();
  if (outcome !== "created") throw new Error(`not created: ${outcome}`);
  return session.id;
}

/** Load a session that must be there. */
export async function loaded(engine: Engine, id: string): Promise<LoadedSession> {
  const session = await engine.load(id);
  if (session === null) throw new Error("no session");
  return session;
}

export function handleOf(id: string): string {
  return sessionHandle(sessionKey(id));
}
