import { backendConformance, backendMatchesModel, sharedStateConformance } from "@unstick/session/testing";
import { type RedisSentinel, startRedisSentinel } from "@unstick/testbed/redis-sentinel";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, test } from "vitest";
import { families, type OpenClient } from "./client-families.ts";
import { backendSubject, limits, type Poke, stateSubject } from "./conformance-subject.ts";

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

describe.each(families.filter((family) => family.sentinel !== undefined))("$name, sentinel", (family) => {
  let open: readonly OpenClient[];
  const kit = { test: test.concurrent };

  beforeAll(async () => {
    open = await Promise.all([family.sentinel!(sentinel), family.sentinel!(sentinel)]);
  });
  afterAll(() => Promise.all(open.map((client) => client.close())));

  backendConformance(kit, async () => backendSubject(open[0]!.client, open[1]!.client, poke), limits);
  sharedStateConformance(kit, async () => stateSubject(open[0]!.client, open[1]!.client), limits);
  test.concurrent("the backend answers as the model of the contract does", () =>
    backendMatchesModel(fc, async () => backendSubject(open[0]!.client, open[1]!.client, poke), {
      runs: 60,
    }));
});
