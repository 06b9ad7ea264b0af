import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { startRedis } from "@unstick/testbed";
import { differences, expressIndex, koaIndex } from "./peer-middleware.ts";

// Runs the peers' own tests with our stores in place of theirs, and prints how many pass.
//
//   npm run peer-suites -- --express-session PATH --koa-session PATH [--backend memory|redis|lmdb]
//
// With --middleware our session() takes the place of the peers themselves, on their own stores; what fails on
// purpose is listed, with the reasons, in docs/differences.md.
//
// PATH is a checkout of the peer with its dependencies installed (`npm install`). It is copied, and only the
// copy is changed: the file that holds the peer's store is replaced by one that makes ours.

const root = fileURLToPath(new URL("..", import.meta.url));
const storesModule = join(root, "scripts/peer-stores.ts");

interface Suite {
  readonly tests: readonly string[];
  /** File in the checkout → what takes its place. */
  readonly replaced: Readonly<Record<string, string>>;
}

const expressSession: Suite = {
  tests: ["test/session.js"],
  replaced: {
    "session/memory.js": [
      `const { createExpressStore } = require(${JSON.stringify(storesModule)});`,
      "module.exports = function MemoryStore () { return createExpressStore() }",
    ].join("\n"),
  },
};

const koaStore = [
  `import { createKoaStore } from ${JSON.stringify(pathToFileURL(storesModule).href)};`,
  "const store = createKoaStore();",
].join("\n");

const koaSession: Suite = {
  tests: ["test/store.test.ts", "test/contextstore.test.ts"],
  replaced: {
    "test/store.ts": `${koaStore}\nexport default store;\n`,
    "test/context_store.ts": `${koaStore}\nexport default class ContextStore {
  constructor(ctx) { this.ctx = ctx; }
  get(...args) { return store.get(...args); }
  set(...args) { return store.set(...args); }
  destroy(...args) { return store.destroy(...args); }
}\n`,
  },
};

const expressMiddleware: Suite = {
  tests: ["test/session.js"],
  replaced: { "index.js": expressIndex },
};
const koaMiddleware: Suite = {
  tests: [
    "test/store.test.ts",
    "test/contextstore.test.ts",
    "test/store_with_ctx.test.ts",
    "test/externalkey.test.ts",
  ],
  replaced: { "src/index.ts": koaIndex },
};

const { values } = parseArgs({
  options: {
    middleware: { type: "boolean", default: false },
    "express-session": { type: "string", multiple: true, default: [] },
    "koa-session": { type: "string", multiple: true, default: [] },
    backend: { type: "string", multiple: true, default: ["memory", "redis", "lmdb"] },
  },
});

if (values["express-session"].length + values["koa-session"].length === 0) {
  console.error("Say where the peers are: --express-session PATH or --koa-session PATH, each a checkout");
  process.exit(2);
}

let failed = 0;
if (values.middleware) {
  for (const path of values["express-session"]) runSuite(expressMiddleware, path, "middleware", undefined);
  for (const path of values["koa-session"]) runSuite(koaMiddleware, path, "middleware", undefined);
}
for (const backend of values.middleware ? [] : values.backend) {
  const redis = backend === "redis" ? await startRedis() : undefined;
  try {
    for (const path of values["express-session"]) runSuite(expressSession, path, backend, redis?.url);
    for (const path of values["koa-session"]) runSuite(koaSession, path, backend, redis?.url);
  } finally {
    await redis?.stop();
  }
}
process.exitCode = failed > 0 ? 1 : 0;

function runSuite(suite: Suite, path: string, backend: string, redisUrl: string | undefined): void {
  const checkout = copyOf(path);
  try {
    for (const [file, text] of Object.entries(suite.replaced)) writeFileSync(join(checkout, file), text);
    makeCertificate(checkout);
    for (const test of suite.tests) {
      const { passes, failures } = runMocha(checkout, test, backend, redisUrl);
      const unexpected = failures.filter(
        ({ fullTitle }) => backend !== "middleware" || !differences.includes(fullTitle),
      );
      failed += unexpected.length;
      console.log(
        `${backend.padEnd(7)} ${relative(process.cwd(), path)} ${test}: ${passes} of ${passes + failures.length} pass`,
      );
      for (const failure of failures) {
        const mark = unexpected.includes(failure) ? "✗" : "differs on purpose:";
        console.log(`        ${mark} ${failure.fullTitle}: ${failure.err.message?.split("\n", 1)[0]}`);
      }
    }
  } finally {
    rmSync(checkout, { recursive: true, force: true });
  }
}

function copyOf(path: string): string {
  const copy = mkdtempSync(join(tmpdir(), "unstick-peer-"));
  const source = realpathSync(path);
  cpSync(source, copy, { recursive: true, filter: (file) => !/\/(?:node_modules|\.git)$/.test(file) });
  symlinkSync(join(source, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** express-session's tests of TLS make their certificate first; koa-session has none. */
function makeCertificate(checkout: string): void {
  spawnSync("sh", ["test/support/gencert.sh"], { cwd: checkout, stdio: "ignore" });
}

interface MochaResult {
  readonly passes: number;
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[];
}

function runMocha(
  checkout: string,
  test: string,
  backend: string,
  redisUrl: string | undefined,
): MochaResult {
  const output = join(checkout, "result.json");
  const mocha = join(checkout, "node_modules/mocha/bin/mocha.js");
  const run = spawnSync(
    process.execPath,
    [
      mocha,
      "--exit",
      "--timeout",
      "20000",
      "--reporter",
      "json",
      "--reporter-options",
      `output=${output}`,
      test,
    ],
    {
      cwd: checkout,
      env: {
        ...process.env,
        NODE_ENV: "test",
        NO_DEPRECATION: "express-session",
        NODE_OPTIONS: `--import ${import.meta.resolve("tsx")}`,
        TSX_TSCONFIG_PATH: join(root, "tsconfig.json"),
        UNSTICK_PEER_BACKEND: backend,
        ...(redisUrl !== undefined && { UNSTICK_PEER_REDIS: redisUrl }),
      },
      encoding: "utf8",
    },
  );
  return readResult(output, `${run.stdout}${run.stderr}`);
}

function readResult(file: string, log: string): MochaResult {
  try {
    const { stats, failures } = JSON.parse(readFileSync(file, "utf8")) as {
      stats: { passes: number };
      failures: MochaResult["failures"];
    };
    return { passes: stats.passes, failures };
  } catch (cause) {
    throw new Error(`the peer's tests did not run to their end:\n${log}`, { cause });
  }
}
