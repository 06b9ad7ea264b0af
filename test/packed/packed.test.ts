import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RedisServer, startRedis } from "@unstick/testbed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readImports } from "../imports.ts";
import { parseSource, readSource } from "../source-tree.ts";
import { consumerSources, jest, makeConsumer, smokes, tsc } from "./consumer.ts";
import { findNode, nodeVersions } from "./node-versions.ts";
import { run } from "./run.ts";
import { manifests, packAll, subpaths, type Tarball } from "./tarballs.ts";

// What npm would ship is packed, installed into a folder outside this tree and used there.

/** A tarball's size in bytes; whoever needs more raises it here and says why. */
const sizeBudget: Readonly<Record<string, number>> = {
  // Two module formats, declarations with their comments for both, and a README with the figures.
  "@unstick/affinity": 33_000,
  // Engine, two middlewares, stores and the conformance suite.
  "@unstick/session": 200_000,
  // Four families of clients, among them a connection of our own for node-redis 4; reads without a script, by the
  // server's clock; and the move from connect-redis and, in steps any of which may be a process's last, back to it.
  "@unstick/redis": 61_000,
  "@unstick/lmdb": 16_000,
  // The routes for two frameworks beside the state, what guards node-saml, and the logins of two libraries more.
  "@unstick/saml": 73_000,
  "@unstick/alb": 72_000,
};

let folder: string;
let redis: RedisServer;
let tarballs: readonly Tarball[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "unstick-consumer-"));
  redis = await startRedis();
  tarballs = await packAll(folder);
  await makeConsumer(folder, tarballs);
  for (const kind of ["esm", "cjs"]) await run(join(folder, kind), process.execPath, [tsc]);
});

afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(manifests)("the tarball of $name", ({ name, version, dependencies, peerDependencies }) => {
  const find = (): Tarball => tarballs.find(({ manifest }) => manifest.name === name)!;

  test("holds the build, README and LICENSE, and nothing else", () => {
    const { files } = find();
    expect(files).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE"]));
    const others = files.filter((file) => !/^(dist\/[^/]+\.[cm]js|dist\/[^/]+\.d\.[cm]ts)$/.test(file));
    expect(others.sort()).toEqual(["LICENSE", "README.md", "package.json"]);
  });

  test("keeps to its size budget", () => {
    expect(find().bytes).toBeLessThanOrEqual(sizeBudget[name] ?? 0);
  });

  test("imports at run time only what it declares", () => {
    const declared = Object.keys({ ...dependencies, ...peerDependencies });
    const known = new Set([...declared, ...builtinModules, name]);
    const undeclared = find()
      .files.filter((file) => /\.[cm]js$/.test(file))
      .flatMap((file) => {
        const path = join(folder, "node_modules", name, file);
        return readImports(parseSource(file, readFileSync(path, "utf8")));
      })
      .map(({ specifier }) => specifier)
      .filter((specifier) => !/^(node:|\.)/.test(specifier))
      .map((specifier) =>
        specifier
          .split("/")
          .slice(0, specifier.startsWith("@") ? 2 : 1)
          .join("/"),
      );
    expect(undeclared.filter((specifier) => !known.has(specifier))).toEqual([]);
  });

  test("asks for exactly the version of its siblings that it is released with", () => {
    const siblings = Object.entries(dependencies ?? {}).filter(([other]) => other.startsWith("@unstick/"));
    for (const [, range] of siblings) expect(range).toBe(version);
  });
});

describe.each(subpaths)("%s", (subpath) => {
  test("offers the same names to import and to require", async () => {
    const names = `.then((m) => console.log(Object.keys(m).filter((k) => !/default|module.exports/.test(k)).sort().join()))`;
    const imported = await run(folder, process.execPath, ["-e", `import("${subpath}")${names}`]);
    const required = await run(folder, process.execPath, [
      "-e",
      `Promise.resolve(require("${subpath}"))${names}`,
    ]);
    expect(required).toBe(imported);
    if (imported.trim() !== "") expect(importedSubpaths(), "add a file to test/consumers").toContain(subpath);
  });
});

function importedSubpaths(): readonly string[] {
  return consumerSources.flatMap((path) => readImports(readSource(path)).map(({ specifier }) => specifier));
}

describe("consumers", () => {
  const env = (): Record<string, string> => ({ REDIS_URL: redis.url });

  test.each(["esm", "cjs"])("type-check and compile as %s under bundler resolution, too", async (kind) => {
    const bundler = ["--module", "esnext", "--moduleResolution", "bundler", "--noEmit"];
    await run(join(folder, kind), process.execPath, [tsc, "-p", ".", ...bundler]);
  });

  test("our declarations are sound by themselves, with library checks on", async () => {
    const args = [tsc, "--noEmit", "--skipLibCheck", "false"];
    const said = await run(join(folder, "esm"), process.execPath, args).catch(({ message }) =>
      String(message),
    );
    expect(said.split("\n").filter((line) => line.includes("node_modules/@unstick/"))).toEqual([]);
  });

  test("a wrong use is a type error: the types are there, not any", async () => {
    const wrong = 'import { affinity } from "@unstick/affinity/express"; affinity({ nmae: 1 });';
    writeFileSync(join(folder, "esm", "wrong.ts"), wrong);
    const args = [tsc, "--noEmit", "--module", "nodenext", "--skipLibCheck", "wrong.ts"];
    await expect(run(join(folder, "esm"), process.execPath, args)).rejects.toThrow("'nmae' does not exist");
  });

  test("run in Jest", async () => {
    const args = [jest, "--ci", "--rootDir", join(folder, "cjs"), "--no-cache", "--silent=false"];
    await run(join(folder, "cjs"), process.execPath, args, env());
  });

  test.each(["esm", "cjs"])("run on this Node as %s", async (kind) => {
    expect(await run(join(folder, kind), process.execPath, ["run.js"], env())).toBe(`ran ${smokes.length}\n`);
  });

  describe.each(nodeVersions)("on Node %s", (version) => {
    let node: string;
    beforeAll(async () => {
      node = await findNode(version, folder);
    });

    test("run as ES modules and as CommonJS", async () => {
      for (const kind of ["esm", "cjs"])
        expect(await run(join(folder, kind), node, ["run.js"], env())).toBe(`ran ${smokes.length}\n`);
    });
  });

  test.each(manifests.flatMap(({ bin }) => Object.keys(bin ?? {})))(
    "the program %s says how it is used",
    async (name) => {
      expect(await run(folder, join(folder, "node_modules", ".bin", name), ["--help"])).toMatch(/usage/i);
    },
  );
});
