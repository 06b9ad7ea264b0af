import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { LongestFirst } from "./testbed/src/longest-first.ts";

const root = fileURLToPath(new URL(".", import.meta.url));

/** Tests read the sources of every package; what npm would ship is proved by test/packed.test.ts. */
const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^@unstick\/testbed$/, replacement: `${root}testbed/src/index.ts` },
      { find: /^@unstick\/testbed\/(.+)$/, replacement: `${root}testbed/src/$1.ts` },
      { find: /^@unstick\/([a-z]+)$/, replacement: `${root}packages/$1/src/index.ts` },
      { find: /^@unstick\/([a-z]+)\/([a-z]+)$/, replacement: `${root}packages/$1/src/$2/index.ts` },
    ],
  },
  test: {
    include: ["{packages,examples}/*/test/**/*.test.ts", "{test,testbed}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    globalSetup: ["./testbed/src/global-setup.ts"],
    reporters: ["default", "./testbed/src/closing-line.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    maxConcurrency: 24,
    sequence: { sequencer: LongestFirst },
  },
});

export default config;
