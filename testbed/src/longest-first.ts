import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** From the root; the slowest first. */
export const slowest: readonly string[] = [
  "test/proof.test.ts",
  "examples/saml-login/test/browser.test.ts",
  "test/rolling-move.test.ts",
  "packages/redis/test/give-back.test.ts",
  "examples/saml-login/test/headless.test.ts",
  "test/packed/packed.test.ts",
  "test/proof-saml.test.ts",
  "examples/saml-login/test/processes.test.ts",
  "packages/lmdb/test/processes.test.ts",
  "test/docs/docs.test.ts",
];

/**
 * A fresh clone knows no durations, and vitest then starts the largest file first. These are short and take long: started
 * last, each would leave the other worker with nothing to do.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = slowest.indexOf(relative(this.ctx.config.root, moduleId));
      return at === -1 ? slowest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
