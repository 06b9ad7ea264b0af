import assert from "node:assert/strict";
import type { WriteToken } from "../backend.ts";
import { type BackendSubject, type Case, keyOf, LONG } from "./subject.ts";

/** Write tokens: a write that is sent again is applied once. */
export const TOKEN_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "token: a repeated one is a no-op that answers the values now and moves no deadline",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      assert.equal(await increment(backend, token(1)), "1");
      assert.equal(await increment(backend, token(2)), "2");
      const resent = { set: new Map([["late", "1"]]), add: new Map([["n", 1]]) };
      const answer = await backend.update(keyOf("a"), resent, { idleMs: 1 }, token(1));
      assert.deepEqual(answer, { outcome: "ok", current: new Map([["n", "2"]]) });
      const session = (await backend.read(keyOf("a")))!;
      assert.deepEqual(Object.fromEntries(session.attributes), { n: "2" });
      assert.ok(session.remainingMs > 1_000);
    },
  },
  {
    name: "token: writes that arrive out of order are each applied once",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      const order = [5, 3, 9, 1, 2, 8, 7, 4, 6];
      for (const sequence of [...order, ...order.toReversed()]) await increment(backend, token(sequence));
      assert.equal(await valueNow(backend), "9");
    },
  },
  {
    name: "token: the last 32 of a writer are remembered, gaps and all",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      const sequences = Array.from({ length: 100 }, (_, index) => 1 + index * 1_000_003);
      for (const sequence of sequences) await increment(backend, token(sequence));
      for (const sequence of sequences.slice(-32)) await increment(backend, token(sequence));
      assert.equal(await valueNow(backend), "100");
    },
  },
  {
    name: "token: 31 others between a write and its repetition",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      for (let sequence = 1; sequence <= 32; sequence += 1) await increment(backend, token(sequence));
      assert.equal(await increment(backend, token(1)), "32");
      assert.equal(await increment(backend, token(33)), "33");
      assert.equal(await increment(backend, token(2)), "33");
    },
  },
  {
    name: "token: writers do not meet, and 16 of them are remembered",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      const writers = Array.from({ length: 16 }, (_, index) => `writer_${index}-`.padEnd(22, "x"));
      for (const writer of [...writers, ...writers]) await increment(backend, token(1, writer));
      assert.equal(await valueNow(backend), "16");
    },
  },
  {
    name: "token: the largest safe integer, and a writer of one character",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      const last = token(Number.MAX_SAFE_INTEGER, "-");
      await increment(backend, token(Number.MAX_SAFE_INTEGER - 1, "-"));
      await increment(backend, last);
      assert.equal(await increment(backend, last), "2");
    },
  },
  {
    name: "token: one whose write was refused is not remembered",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      const expect = new Map([["user", "ada"]]);
      const refused = { add: new Map([["n", 1]]), expect };
      assert.equal((await backend.update(keyOf("a"), refused, LONG, token(1))).outcome, "conflict");
      await backend.update(keyOf("a"), { set: expect }, LONG);
      const answer = await backend.update(keyOf("a"), refused, LONG, token(1));
      assert.deepEqual(answer, { outcome: "ok", current: new Map([["n", "1"]]) });
    },
  },
  {
    name: "token: a repetition is judged before expect, which its own write made untrue",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map([["n", "1"]]), LONG);
      const change = { set: new Map([["n", "2"]]), expect: new Map([["n", "1"]]) };
      for (let sent = 1; sent <= 2; sent += 1) {
        assert.equal((await backend.update(keyOf("a"), change, LONG, token(1))).outcome, "ok");
      }
    },
  },
  {
    name: "token: a session that ended is gone, whatever token comes; a new one knows none",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      await increment(backend, token(1));
      await backend.destroy(keyOf("a"), 0);
      assert.deepEqual(await backend.update(keyOf("a"), {}, LONG, token(1)), { outcome: "gone" });
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "ok");
      assert.equal(await increment(backend, token(1)), "1");
    },
  },
  {
    name: "token: the tokens of a session are no attributes of it",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      await backend.update(keyOf("a"), {}, LONG, token(1));
      assert.equal((await backend.read(keyOf("a")))?.attributes.size, 0);
    },
  },
];

function token(sequence: number, writer = "writer"): WriteToken {
  return { writer, sequence };
}

async function increment(backend: BackendSubject["backend"], with_: WriteToken): Promise<string | undefined> {
  const answer = await backend.update(keyOf("a"), { add: new Map([["n", 1]]) }, LONG, with_);
  assert.equal(answer.outcome, "ok");
  return answer.current.get("n");
}

async function valueNow(backend: BackendSubject["backend"]): Promise<string | undefined> {
  return (await backend.read(keyOf("a")))?.attributes.get("n");
}
