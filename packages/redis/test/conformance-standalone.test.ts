import { type RedisServer, startRedis } from "@unstick/testbed";
import { Redis } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { families } from "./client-families.ts";
import type { Poke } from "./conformance-subject.ts";
import { describeConformance } from "./conformance-suite.ts";

let server: RedisServer;
let control: Redis;
const poke: Poke = (_key, name = "", ...args) => control.call(name, args);

beforeAll(async () => {
  server = await startRedis();
  control = new Redis(server.port, server.host);
});

afterAll(async () => {
  control.disconnect();
  await server.stop();
});

for (const family of families) {
  describeConformance(`${family.name}, standalone`, {
    family,
    open: ({ standalone }) => standalone(server.port),
    poke,
    modelRuns: 12,
  });
}
