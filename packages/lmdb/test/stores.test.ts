import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LmdbStore } from "../src/express/index.ts";
import { LmdbStore as KoaLmdbStore } from "../src/koa/index.ts";

function filePath(): string {
  const folder = mkdtempSync(join(tmpdir(), "unstick-lmdb-stores-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "sessions.mdb");
}

test("express-session's store: what several stores on one file write is all kept, and an end is an end", async () => {
  const path = filePath();
  const stores = [1, 2, 3].map(() => new LmdbStore({ path, attributes: { visits: "counter" } }));
  await stores[0]!.set("one", { cookie: {}, user: "ada" });
  const bump = async (store: LmdbStore, at: number): Promise<void> => {
    const data = (await store.get("one")) as unknown as Record<string, number>;
    data[`seen${at}`] = at;
    data.visits = (data.visits ?? 0) + 1;
    await store.set("one", data);
  };
  await Promise.all(Array.from({ length: 60 }, (_, at) => bump(stores[at % 3]!, at)));
  const data = (await stores[0]!.get("one")) as unknown as Record<string, number>;
  expect(data.visits).toBe(60);
  expect(Object.keys(data).filter((name) => name.startsWith("seen"))).toHaveLength(60);
  const late = (await stores[1]!.get("one")) as unknown as Record<string, number>;
  await stores[2]!.destroy("one");
  late.visits = 0;
  await stores[1]!.set("one", late);
  expect(await stores[0]!.get("one")).toBeNull();
  await Promise.all(stores.map((store) => store.close()));
});

test("koa-session's store keeps a session, and its options are those of the file", async () => {
  const store = new KoaLmdbStore({ path: filePath(), prefix: "koa" });
  await store.set("one", { user: "ada" }, 60_000);
  expect(await store.get("one")).toEqual({ user: "ada" });
  await store.destroy("one");
  expect(await store.get("one")).toBeNull();
  await store.close();
});

test.each([LmdbStore, KoaLmdbStore])("a wrong option is refused by name", (Store) => {
  const path = filePath();
  for (const [option, options] of [
    ["prefix", { path, prefix: "*" }],
    ["client", { path, client: {} }],
    ["onGone", { path, onGone: 1 }],
  ] as const) {
    expect(() => new Store(options as never)).toThrow(
      expect.objectContaining({ code: "ERR_UNSTICK_OPTION", option }),
    );
  }
});
