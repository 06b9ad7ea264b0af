import { type Backend, createEngine, type Engine, memoryBackend, type Session } from "@unstick/session";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loaded, stored } from "./sessions.ts";

/** Every call of the backend begins, and every reply arrives, when the scheduler says so. */
function scheduledBackend(scheduler: fc.Scheduler, inner: Backend): Backend {
  return new Proxy(inner, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]) => {
        await scheduler.schedule(Promise.resolve(), `${String(name)} is sent`);
        const reply: unknown = await member.apply(target, args);
        await scheduler.schedule(Promise.resolve(), `${String(name)} is answered`);
        return reply;
      };
    },
  });
}

interface Race {
  readonly engine: Engine;
  readonly id: string;
  /** The state after all of it, without the scheduler. */
  readonly after: Engine;
  readonly run: (requests: readonly Promise<unknown>[]) => Promise<void>;
}

async function explore(check: (race: Race) => Promise<void>, runs = 300): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const backend = memoryBackend();
      const options = { attributes: { views: "counter" }, metrics: false } as const;
      const after = createEngine({ backend, ...options });
      const id = await stored(after, { user: "ada", views: 0 });
      const engine = createEngine({ backend: scheduledBackend(scheduler, backend), ...options });
      await check({
        engine,
        id,
        after,
        run: async (requests) => {
          const settled = Promise.allSettled(requests);
          await scheduler.waitFor(settled);
          const broken = (await settled).filter((result) => result.status === "rejected");
          for (const { reason } of broken as PromiseRejectedResult[]) {
            expect(reason).toMatchObject({ code: "ERR_UNSTICK_SESSION_REPLACED" });
          }
        },
      });
    }),
    { numRuns: runs },
  );
}

async function write(engine: Engine, id: string, name: string): Promise<void> {
  const session = await engine.load(id);
  if (session === null) return;
  session.set(name, 1);
  session.set("views", (session.get("views") as number) + 1);
  await session.save();
}

describe("whatever order the calls of overlapping requests take", () => {
  test("no write brings back a session that was ended", async () => {
    await explore(async ({ engine, id, after, run }) => {
      const logout = async (): Promise<void> => void (await (await engine.load(id))?.destroy());
      await run([write(engine, id, "a"), logout(), write(engine, id, "b")]);
      expect(await after.load(id)).toBeNull();
    });
  });

  test("no change to an attribute is lost, and no count", async () => {
    await explore(async ({ engine, id, after, run }) => {
      const names = ["a", "b", "c", "d"];
      await run(names.map((name) => write(engine, id, name)));
      const session = await loaded(after, id);
      expect(session.names().sort()).toEqual(["a", "b", "c", "d", "user", "views"]);
      expect(session.get("views")).toBe(4);
    });
  });

  test("of requests that ask for a new id exactly one gets it, and it is the only one alive", async () => {
    await explore(async ({ engine, id, after, run }) => {
      const ids: string[] = [];
      const regenerate = async (): Promise<void> => {
        const session = await engine.load(id);
        if (session === null || session.isReplaced) return;
        if ((await session.rename({ graceMs: 0 })) === "renamed") ids.push(session.id);
      };
      await run([regenerate(), regenerate(), regenerate()]);
      expect(ids).toHaveLength(1);
      expect(await after.load(id)).toBeNull();
      expect(await after.load(ids[0]!)).not.toBeNull();
    });
  });

  test("a logout while others log in, write and regenerate leaves nothing alive", async () => {
    await explore(async ({ engine, id, after, run }) => {
      const ids = [id];
      const login = async (): Promise<void> => {
        const session = await engine.load(id);
        if (session === null || session.isReplaced) return;
        await session.login("ada");
        ids.push(session.id);
      };
      const logout = async (): Promise<void> => {
        const session = await engine.load(id);
        await session?.destroy();
      };
      await run([login(), write(engine, id, "a"), logout(), login()]);
      for (const one of ids) expect(await after.load(one)).toBeNull();
    });
  });

  test("ending all of a user's sessions leaves none that the user's list does not know", async () => {
    await explore(async ({ engine, id, after, run }) => {
      const session = await loaded(after, id);
      await session.login("ada", { graceMs: 0 });
      const begun: Session[] = [];
      const login = async (): Promise<void> => {
        const another = engine.create();
        begun.push(another);
        await another.login("ada");
        await another.save();
      };
      await run([login(), engine.principals.endAll("ada"), login()]);
      expect(await after.load(session.id)).toBeNull();
      const alive = await Promise.all(begun.map((one) => after.load(one.id)));
      const survivors = alive.flatMap((one) => (one === null ? [] : [one.handle])).sort();
      // They entered the index after endAll's last look: logins that came after it.
      expect((await after.principals.list("ada")).map(({ handle }) => handle).sort()).toEqual(survivors);
    });
  });
});
