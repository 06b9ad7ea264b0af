import { describe, expect, test } from "vitest";
import { checkImport } from "./import-rule.ts";
import { readImports } from "./imports.ts";
import { findSources, parseSource, readSource } from "./source-tree.ts";

const sources = findSources(["packages/**/*.ts", "{examples,test,testbed,bench,scripts}/**/*.ts"]);

test("nobody breaks the import rule", () => {
  const broken = sources.flatMap((path) =>
    readImports(readSource(path)).flatMap((found) => checkImport(path, found)),
  );
  expect(sources.length).toBeGreaterThan(50);
  expect(broken).toEqual([]);
});

describe("a planted import is found", () => {
  test.each([
    [
      "packages/affinity/src/decide.ts",
      'import { x } from "@unstick/session";',
      "may import nothing of ours",
    ],
    ["packages/session/src/engine.ts", 'export * from "@unstick/redis";', "may import nothing of ours"],
    ["packages/redis/src/backend.ts", 'import type { X } from "@unstick/lmdb";', "may import session"],
    ["packages/alb/src/rules.ts", 'import { x } from "@unstick/session";', "may import affinity"],
    ["packages/alb/src/rules.ts", 'import { x } from "../../affinity/src/name.ts";', "inside its package"],
    ["packages/saml/src/state.ts", 'import { x } from "@unstick/saml";', "itself by name"],
    ["packages/saml/src/state.ts", 'import { x } from "@unstick/testbed";', "may import session"],
    ["packages/redis/src/backend.ts", 'import { createClient } from "redis";', "handed in"],
    ["packages/redis/src/backend.ts", 'import { type Redis } from "ioredis";', "handed in"],
    ["packages/redis/src/backend.ts", 'const c = await import("ioredis");', "handed in"],
    ["packages/redis/src/backend.ts", 'const c = require("iovalkey");', "handed in"],
    ["packages/session/src/engine/load.ts", 'import type { Request } from "express";', "express/ and koa/"],
    ["packages/session/src/engine/load.ts", 'type R = import("koa").Context;', "express/ and koa/"],
    ["packages/session/src/engine/load.ts", 'import ms from "ms";', "not a node: module"],
    [
      "examples/saml-login/app.ts",
      'import { x } from "../../packages/saml/src/index.ts";',
      "published names",
    ],
    ["bench/a.ts", 'import x from "../packages/redis/src/index.ts";', "published names"],
  ])("%s: %s", (path, text, reason) => {
    const broken = readImports(parseSource(path, text)).flatMap((found) => checkImport(path, found));
    expect(broken).toHaveLength(1);
    expect(broken[0]).toContain(reason);
  });
});

describe("a permitted import is left alone", () => {
  test.each([
    ["packages/redis/src/backend.ts", 'import type { Redis } from "ioredis";'],
    ["packages/redis/src/backend.ts", 'import { x } from "@unstick/session";'],
    ["packages/session/src/express/store.ts", 'import { Store } from "express-session";'],
    ["packages/session/test/express.test.ts", 'import express from "express";'],
    ["packages/redis/test/redis.test.ts", 'import { startRedis } from "@unstick/testbed";'],
    ["packages/affinity/src/decide.ts", 'import { createHmac } from "node:crypto";'],
    ["packages/affinity/src/decide.ts", '// import "redis"\nconst text = "import x from \'redis\'";'],
    ["packages/affinity/tsdown.config.ts", 'import { packageBuild } from "../../tsdown.base.ts";'],
    ["test/a.test.ts", 'import { affinity } from "@unstick/affinity/express";'],
  ])("%s: %s", (path, text) => {
    const broken = readImports(parseSource(path, text)).flatMap((found) => checkImport(path, found));
    expect(broken).toEqual([]);
  });
});
