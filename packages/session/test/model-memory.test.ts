import { memoryBackend } from "@unstick/session";
import { backendMatchesModel } from "@unstick/session/testing";
import fc from "fast-check";
import { test } from "vitest";

test("the memory backend answers as the model of the contract does", async () => {
  await backendMatchesModel(
    fc,
    async () => {
      let time = 0;
      const advance = (ms: number): void => {
        time += ms;
      };
      return { backend: memoryBackend({ now: () => time }), advance };
    },
    { runs: 2_000 },
  );
});
