import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compare } from "../../express-app/compare/compare.ts";

// The instances are processes of their own; the root's `paths` lead them to the sources.
process.env.TSX_TSCONFIG_PATH ??= fileURLToPath(new URL("../../../tsconfig.json", import.meta.url));

test("what koa-redis loses, one import keeps, and the middleware keeps", async () => {
  const folder = new URL("../", import.meta.url).href;
  const { before, after, middleware } = await compare(folder, ["before", "after", "middleware"]);
  for (const { name, lost, tried } of before!) {
    expect([name, tried > 0 && lost > 0]).toEqual([name, true]);
  }
  for (const scenes of [after!, middleware!]) {
    expect(scenes.map(({ name, lost }) => [name, lost])).toEqual(scenes.map(({ name }) => [name, 0]));
  }
}, 120_000);
