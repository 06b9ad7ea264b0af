import { backendConformance, backendMatchesModel, sharedStateConformance } from "@unstick/session/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { ClientFamily, OpenClient } from "./client-families.ts";
import { backendSubject, limits, type Poke, stateSubject } from "./conformance-subject.ts";

/** One kind of client on one topology. */
interface Subject {
  readonly family: ClientFamily;
  open(family: ClientFamily): Promise<OpenClient>;
  readonly poke: Poke;
  readonly modelRuns: number;
  /** The cases by name; absent: all. */
  readonly cases?: RegExp;
}

/**
 * Every family runs every case on a standalone server. On the other topologies these two do, one of each way of
 * finding a master; the rest run {@link ROUTED}, and the model.
 */
export const WHOLE_EVERYWHERE: ReadonlySet<string> = new Set(["ioredis 5", "node-redis 6"]);

/**
 * The scripts are the same everywhere. What a client and a topology decide between them is where a command goes and
 * how its answer comes back: one key (create, add, read), two keys in two slots (rename), an index beside the sessions
 * (principal), all masters (sessionKeys, destroyAll, keys), many in flight at once (parallel), and what is resent.
 */
export const ROUTED: RegExp =
  /^(create: stores|add|read|rename|principal|sessionKeys|destroyAll|enumeration|keys|take: the|token: a)|parallel/;

/** What a client's settings decide is the shape of replies, not time: what waits for a deadline is left out. */
export const DECODED: RegExp =
  /^(add|read|create: (stores|a session)|data|expect|update: ch|destroy: ends|rename: (the|a conflict)|principal: (sess|take|evict)|sessionKeys: gives l|destroyAll: ends|token: a|damage)/;

/** Registers the suites for one family; the cases of all families run side by side. */
export function describeConformance(title: string, subject: Subject): void {
  const { family, open, poke, modelRuns, cases } = subject;
  describe.concurrent(title, () => {
    let clients: readonly OpenClient[];
    beforeAll(async () => {
      clients = await Promise.all([open(family), open(family)]);
    });
    afterAll(() => Promise.all(clients.map((client) => client.close())));

    const kit = { test: casesOf(cases) };
    const backend = async () => backendSubject(clients[0]!.client, clients[1]!.client, poke);
    backendConformance(kit, backend, limits);
    sharedStateConformance(kit, async () => stateSubject(clients[0]!.client, clients[1]!.client), limits);
    test("the backend answers as the model of the contract does", () =>
      backendMatchesModel(fc, backend, { runs: modelRuns }));
  });
}

type Register = (name: string, body: () => Promise<void>) => void;

/** A `test` that registers only the cases whose name fits. */
export function casesOf(cases: RegExp | undefined): Register {
  return (name, body) => {
    if (cases === undefined || cases.test(name)) test.concurrent(name, body);
  };
}
