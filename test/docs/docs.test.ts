import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type RedisServer, startRedis } from "@unstick/testbed";
import { globSync } from "tinyglobby";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureBuilt } from "../ensure-built.ts";
import { root } from "../source-tree.ts";
import { checkCommands } from "./check-commands.ts";
import { checkTypes, placeBlocks, scratchOf } from "./check-types.ts";
import { type Block, readBlocks } from "./markdown.ts";
import { runBlock } from "./run-block.ts";

// Every block of every document is checked against the packages as they are built; the convention is in CONTRIBUTING.md.

const documents = globSync(["*.md", "docs/**/*.md", "{packages,examples,bench}/*/*.md", "bench/*.md"], {
  cwd: root,
  ignore: ["**/CHANGELOG.md", "**/node_modules/**"],
}).sort();
const blocks = documents.flatMap((path) => readBlocks(path, readFileSync(join(root, path), "utf8")));
const isCode = ({ language }: Block): boolean => language === "ts" || language === "js";
const placed = placeBlocks(blocks.filter(isCode));

let redis: RedisServer;

beforeAll(async () => {
  await ensureBuilt();
  redis = await startRedis();
});

afterAll(async () => {
  await redis?.stop();
  for (const path of documents) rmSync(scratchOf(path), { recursive: true, force: true });
});

test("every ts and js block is complete and type-checks against the published names", () => {
  expect(checkTypes(placed)).toEqual([]);
});

const named = placed.filter(({ block }) => block.fileName !== undefined);
test.each(named.map((one) => [one.block.document, one.block.fileName, one] as const))(
  "%s: %s runs",
  (_document, _fileName, { file }) => runBlock(file, redis.port),
);

test("every command of an sh block exists", () => {
  const shell = blocks.filter(({ language }) => ["sh", "bash", "console"].includes(language));
  expect(shell.flatMap(checkCommands)).toEqual([]);
});

test("every json block is JSON", () => {
  for (const { language, text } of blocks)
    if (language === "json") expect(() => JSON.parse(text)).not.toThrow();
});

test("every link to a file of this tree leads somewhere", () => {
  const broken = documents.flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8").replace(/^(```+)[\s\S]*?^\1$/gm, "");
    const targets = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
      ([, target]) => target ?? "",
    );
    return targets
      .filter(
        (target) =>
          globSync([join(path, "..", target)], { cwd: root, onlyFiles: false, dot: true }).length === 0,
      )
      .map((target) => `${path} links to ${target}`);
  });
  expect(broken).toEqual([]);
});

describe("a planted fault is found", () => {
  const block = (language: string, text: string): Block =>
    readBlocks("README.md", `\`\`\`${language}\n${text}\n\`\`\``)[0]!;

  test.each([
    ["npm run no-such-script"],
    ["npm install @unstick/no-such-package"],
    ["npx alb start"],
    ["npx @unstick/session"],
    ["no-such-program --flag"],
    ["npm ci && no-such-program"],
  ])("command: %s", (command) => {
    expect(checkCommands(block("sh", command))).toHaveLength(1);
  });

  test.each([
    ["npm ci && npm test"],
    ["npm install @unstick/affinity express"],
    ["npx @unstick/alb start --port 1 # why"],
  ])("%s is none", (command) => {
    expect(checkCommands(block("sh", command))).toEqual([]);
  });

  test("a server that fails, an unknown name, a missing import", async () => {
    const failing = `// server.ts
      import { createServer } from "node:http";
      createServer((_request, response) => response.writeHead(500).end("no")).listen(3000);`;
    const [server, name, gone] = placeBlocks([
      { ...block("ts", failing), document: "planted/a.md", fileName: "server.ts" },
      { ...block("ts", 'import { nothing } from "@unstick/affinity";'), document: "planted/b.md" },
      { ...block("js", 'import "@unstick/gone";'), document: "planted/c.md" },
    ]);
    await expect(runBlock(server!.file, redis.port)).rejects.toThrow("GET / answered 500");
    expect(checkTypes([name!])[0]).toContain("planted/b.md:2 Module");
    expect(checkTypes([gone!])[0]).toContain("Cannot find module '@unstick/gone'");
    rmSync(join(root, "planted"), { recursive: true });
  });
});
