import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type LmdbOptions, lmdbBackend, lmdbState } from "@unstick/lmdb";
import { BackendError, OptionError } from "@unstick/session";
import { describe, expect, onTestFinished, test } from "vitest";
import { freshFile } from "./fresh-file.ts";

const LONG = { idleMs: 600_000 };

async function file(): Promise<string> {
  const { path, remove } = await freshFile();
  onTestFinished(remove);
  return path;
}

function refusal(options: unknown): { option: string; message: string } {
  for (const make of [lmdbBackend, lmdbState]) {
    try {
      make(options as LmdbOptions);
    } catch (error) {
      if (error instanceof OptionError) return error;
      throw error;
    }
  }
  return assert.fail("nothing was refused");
}

describe("options are refused by name", () => {
  test.each([
    ["path", {}],
    ["path", { path: "" }],
    ["path", { path: 7 }],
    ["prefix", { path: "sessions.mdb", prefix: "" }],
    ["prefix", { path: "sessions.mdb", prefix: "a\0b" }],
    ["prefix", { path: "sessions.mdb", prefix: "x".repeat(65) }],
    ["durability", { path: "sessions.mdb", durability: "none" }],
    ["mode", { path: "sessions.mdb", mode: 0o400 }],
    ["mode", { path: "sessions.mdb", mode: "600" }],
    ["now", { path: "sessions.mdb", now: 5 }],
    ["mapSize", { path: "sessions.mdb", mapSize: 5 }],
  ])("%s: %j", (option, options) => {
    expect(refusal(options).option).toBe(option);
  });

  test("a folder that is missing, or is a file", async () => {
    const path = await file();
    expect(refusal({ path: join(path, "sub", "sessions.mdb") }).message).toMatch(/does not exist.*create it/);
    await writeFile(path, "");
    expect(refusal({ path: join(path, "sessions.mdb") }).message).toMatch(/is no folder/);
  });

  test("a path that is a folder", async () => {
    const path = await file();
    await mkdir(path);
    expect(refusal({ path }).message).toMatch(/is a folder; name a file in it/);
  });

  test("a file that LMDB did not make is left as it is", async () => {
    const path = await file();
    for (const content of ["x", "precious\n".repeat(5_000), "\0".repeat(8_192)]) {
      await writeFile(path, content);
      expect(refusal({ path }).message).toMatch(/is not empty and no file of LMDB; give/);
      expect(await readFile(path, "utf8")).toBe(content);
    }
  });

  test("a folder, and a file, that may not be written", async () => {
    const path = await file();
    const folder = dirname(path);
    await writeFile(path, "");
    await chmod(path, 0o444);
    await chmod(folder, 0o555);
    // Root may write everything, so the question is asked as nobody where the tests run as root.
    const program = `
      import { lmdbBackend } from "@unstick/lmdb";
      if (process.getuid?.() === 0) process.setuid(65534);
      for (const path of process.argv.slice(1)) {
        try { lmdbBackend({ path }); console.log("opened"); } catch (error) { console.log(error.code, error.message); }
      }`;
    const args = ["--import", "tsx", "--input-type=module", "-e", program, path, join(folder, "new.mdb")];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    await chmod(folder, 0o755);
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines)
      expect(line).toMatch(/^ERR_UNSTICK_OPTION option path: .*cannot be opened for writing/);
  });
});

test("the defaults", async () => {
  const path = await file();
  const backend = lmdbBackend({ path });
  expect(backend.name).toBe("lmdb");
  await backend.create("a", new Map(), LONG);
  for (const name of ["", "-lock", "-gate", "-gate-lock"]) {
    expect((await stat(`${path}${name}`)).mode & 0o777).toBe(0o600);
  }
  const same = lmdbBackend({ path, prefix: "unstick", durability: "process", mode: 0o600 });
  expect(await same.read("a")).not.toBeNull();
  await Promise.all([backend.close?.(), same.close?.()]);
});

test("applications with different prefixes share a file and never meet", async () => {
  const path = await file();
  const prefixes = ["shop", "shop.", "shop-2", "SHOP", "shop:session"];
  const backends = prefixes.map((prefix) => lmdbBackend({ path, prefix }));
  const states = prefixes.map((prefix) => lmdbState({ path, prefix }));
  for (const [index, backend] of backends.entries()) {
    expect(await backend.create("key", new Map([["by", `${index}`]]), LONG)).toBe("ok");
    expect(await states[index]!.add("key", `${index}`, 600_000)).toBe(true);
    await backend.linkPrincipal("ada", "key", `${index}`, LONG);
  }
  expect(await backends[0]!.destroyAll(1_000)).toBe(1);
  await backends[0]!.unlinkPrincipal("ada", "key");
  for (const [index, backend] of backends.entries()) {
    const keys: string[] = [];
    for await (const key of backend.sessionKeys()) keys.push(key);
    expect(keys).toEqual(index === 0 ? [] : ["key"]);
    expect((await backend.read("key"))?.attributes.get("by")).toBe(index === 0 ? undefined : `${index}`);
    expect(await backend.principalSessions("ada")).toHaveLength(index === 0 ? 0 : 1);
    expect(await states[index]!.get("key")).toBe(`${index}`);
  }
  await Promise.all([...backends, ...states].map((store) => store.close?.()));
});

test("several opens of one file in one process, by other names of it too, are one; the last closes it", async () => {
  const path = await file();
  const link = `${path}.link`;
  await writeFile(path, "");
  await symlink(path, link);
  const [first, second] = [lmdbBackend({ path }), lmdbBackend({ path: link })];
  await first.create("a", new Map([["n", "1"]]), LONG);
  await first.close?.();
  await first.close?.();
  expect((await second.read("a"))?.attributes.get("n")).toBe("1");
  await second.update("a", { set: new Map([["n", "2"]]) }, LONG);
  await second.close?.();
  const third = lmdbBackend({ path });
  expect((await third.read("a"))?.attributes.get("n")).toBe("2");
  await third.close?.();
});

test("close keeps what was asked for before, and refuses what is asked for after", async () => {
  const path = await file();
  const backend = lmdbBackend({ path });
  const asked = backend.create("a", new Map(), LONG);
  const closing = backend.close?.();
  expect(() => backend.read("a")).toThrow(BackendError);
  await expect(backend.touch("a", LONG)).rejects.toThrow(/lmdb backend: call failed: it is closed/);
  expect(await asked).toBe("ok");
  await closing;
  const later = lmdbBackend({ path });
  expect(await later.read("a")).not.toBeNull();
  await later.close?.();
});

test("a key that is too long is refused, and the other calls of its turn are not", async () => {
  const path = await file();
  const state = lmdbState({ path, prefix: "p".repeat(64) });
  const [long, good] = await Promise.allSettled([
    state.put("鍵".repeat(640), "1", 1_000),
    state.put("鍵".repeat(512), "1", 1_000),
  ]);
  expect(long).toMatchObject({ status: "rejected", reason: { code: "ERR_UNSTICK_BACKEND" } });
  expect(String((long as PromiseRejectedResult).reason)).toMatch(/1920 bytes is too long/);
  expect(good.status).toBe("fulfilled");
  await state.close?.();
});

test('durability "disk" keeps the contract too', async () => {
  const path = await file();
  const backend = lmdbBackend({ path, durability: "disk" });
  await backend.create("a", new Map(), LONG);
  const writes = Array.from({ length: 200 }, () => backend.update("a", { add: new Map([["n", 1]]) }, LONG));
  await Promise.all(writes);
  expect((await backend.read("a"))?.attributes.get("n")).toBe("200");
  await backend.close?.();
});
