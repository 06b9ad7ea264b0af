import { backendConformance, backendMatchesModel, sharedStateConformance } from "@unstick/session/testing";
import { type RedisServer, startRedis } from "@unstick/testbed";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, test } from "vitest";
import { families, type OpenClient } from "./client-families.ts";
import { backendSubject, limits, type Poke, stateSubject } from "./conformance-subject.ts";

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

describe.each(families)("$name, standalone", (family) => {
  let open: readonly [OpenClient, OpenClient];
  const kit = { test: test.concurrent };

  beforeAll(async () => {
    open = [await family.standalone(server.port), await family.standalone(server.port)];
  });
  afterAll(() => Promise.all(open.map((client) => client.close())));

  backendConformance(kit, async () => backendSubject(open[0].client, open[1].client, poke), limits);
  sharedStateConformance(kit, async () => stateSubject(open[0].client, open[1].client), limits);
  test.concurrent("the backend answers as the model of the contract does", () =>
    backendMatchesModel(fc, async () => backendSubject(open[0].client, open[1].client, poke), { runs: 40 }));
});
