import { backendMatchesModel } from "@unstick/session/testing";
import fc from "fast-check";
import { test } from "vitest";
import { freshBackend } from "./fresh-file.ts";

test("the LMDB backend answers as the model of the contract does", async () => {
  await backendMatchesModel(fc, freshBackend, { runs: 150, maxCommands: 50 });
});
