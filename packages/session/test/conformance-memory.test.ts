import { memoryBackend, memoryState } from "@unstick/session";
import { backendConformance, sharedStateConformance } from "@unstick/session/testing";
import { describe, test } from "vitest";

function clock(): { now: () => number; advance: (ms: number) => void } {
  let time = 1_000_000;
  const advance = (ms: number): void => {
    time += ms;
  };
  return { now: () => time, advance };
}

describe("memory backend", () => {
  const makeBackend = async () => {
    const { now, advance } = clock();
    return { backend: memoryBackend({ now }), advance };
  };
  backendConformance({ test }, makeBackend, { damage: false });
});

describe("memory state", () => {
  const makeState = async () => {
    const { now, advance } = clock();
    return { state: memoryState({ now }), advance };
  };
  sharedStateConformance({ test }, makeState);
});
