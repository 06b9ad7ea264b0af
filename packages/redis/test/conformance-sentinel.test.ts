import { type RedisSentinel, startRedisSentinel } from "@unstick/testbed/redis-sentinel";
import { Redis } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { families } from "./client-families.ts";
import type { Poke } from "./conformance-subject.ts";
import { describeConformance, ROUTED, WHOLE_EVERYWHERE } from "./conformance-suite.ts";

let sentinel: RedisSentinel;
let control: Redis;
const poke: Poke = (_key, name = "", ...args) => control.call(name, args);

beforeAll(async () => {
  sentinel = await startRedisSentinel();
  control = new Redis(sentinel.master.port, "127.0.0.1");
});

afterAll(async () => {
  control.disconnect();
  await sentinel.stop();
});

for (const family of families.filter(({ sentinel }) => sentinel !== undefined)) {
  describeConformance(`${family.name}, sentinel`, {
    family,
    open: ({ sentinel: connect }) => connect!(sentinel),
    poke,
    modelRuns: 6,
    ...(WHOLE_EVERYWHERE.has(family.name) ? {} : { cases: ROUTED }),
  });
}
