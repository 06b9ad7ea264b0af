import { startRedis } from "@unstick/testbed";
import { Redis } from "ioredis";
import { LINK } from "../src/lua/principal-scripts.ts";
import type { Script } from "../src/lua/script.ts";
import { CREATE, READ, UPDATE_ONCE } from "../src/lua/session-scripts.ts";
import { TAKE } from "../src/lua/state-scripts.ts";

/*
 * What newer commands would spare the server: its own time for one call (INFO commandstats), the least of five
 * times 20,000. Put another server first on the PATH to measure that.
 */

const CALLS = 20_000;
const AT_ONCE = 200;
const LONG = "600000";
const server = await startRedis();
const client = new Redis(server.port, server.host);

type Words = readonly [name: string, ...args: string[]];

async function measure(title: string, words: (call: number) => Words): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) {
    await client.call("CONFIG", "RESETSTAT");
    for (let call = 0; call < CALLS; call += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => send(words(round * CALLS + call + at))));
    }
    const [name] = words(0);
    const found = new RegExp(`cmdstat_${name.toLowerCase()}:.*usec_per_call=([\\d.]+)`).exec(
      await client.info("commandstats"),
    );
    least = Math.min(least, Number(found?.[1]));
  }
  console.log(`${title}: ${least.toFixed(2)} µs`);
}

function send([name, ...args]: Words): Promise<unknown> {
  return client.call(name, args);
}

/** Measure it where the server has it. */
async function tryMeasure(title: string, words: (call: number) => Words): Promise<void> {
  await send(words(0)).then(
    () => measure(title, words),
    (error: Error) => console.log(`${title}: ${error.message.slice(0, 40)}`),
  );
}

const evalsha =
  ({ sha }: Script, key: string, ...args: string[]) =>
  (): Words => ["EVALSHA", sha, "1", key, ...args];

/** The script as a function: what comes before `start` is made once, when it is loaded. */
async function loadFunction(name: string, { source }: Script, start: string): Promise<void> {
  const at = source.indexOf(start);
  const code = `#!lua name=${name}_library
local KEYS, ARGV
${source.slice(0, at)}
local function run()
${source.slice(at)}
end
redis.register_function('${name}', function(keys, args) KEYS, ARGV = keys, args return run() end)`;
  await client.call("FUNCTION", "LOAD", code);
}

const COMPARE_AND_SET = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1`;

console.log(/(?:valkey|redis)_version:\S+(?![\s\S]*valkey_version)/.exec(await client.info("server"))?.[0]);
for (const { source } of [CREATE, READ, UPDATE_ONCE, TAKE, LINK]) await client.script("LOAD", source);
const attributes = Array.from({ length: 8 }, (_, at) => [`attribute${at}`, "v".repeat(24)]).flat();
await send(evalsha(CREATE, "session", LONG, "", ...attributes)());
await loadFunction("update", UPDATE_ONCE, "if ARGV[6]");

await measure("read, HGETALL", () => ["HGETALL", "session"]);
await measure("read, script that tells the time", evalsha(READ, "session"));
let sequence = 0;
const change = (): string[] => {
  sequence += 1;
  const [padded, value] = [String(sequence).padStart(16, "0"), String(sequence)];
  return ["1", "session", LONG, "", "writer", padded, "1", "0", "0", "attribute1", value];
};
await measure("update with a token, script", () => ["EVALSHA", UPDATE_ONCE.sha, ...change()]);
await measure("update with a token, function", () => ["FCALL", "update", ...change()]);

await client.set("taken", "-", "PX", LONG);
await measure("take, script", evalsha(TAKE, "taken", LONG));
await measure("take, SET XX GET", () => ["SET", "taken", "-", "PX", LONG, "XX", "GET"]);

const text = "x".repeat(400);
await client.set("text", text);
const cas = String(await client.script("LOAD", COMPARE_AND_SET));
await measure("compare-and-set, script", () => ["EVALSHA", cas, "1", "text", text, text, LONG]);
await tryMeasure("compare-and-set, SET IFEQ", () => ["SET", "text", text, "IFEQ", text, "PX", LONG]);

for (let at = 0; at < 20; at += 1) {
  const field = `session${at}`.padEnd(43, "x");
  const note = "n".repeat(40);
  await send(evalsha(LINK, "index", field, note, LONG, "", "", "", "")());
  await client.hset("expiring", field, `${"b".repeat(13)}${note}`);
  await client.call("HPEXPIRE", "expiring", LONG, "FIELDS", "1", field).catch(() => client.del("expiring"));
}
for (const key of ["index", "expiring"]) {
  console.log(`${key}: ${await client.call("MEMORY", "USAGE", key, "SAMPLES", "0")} bytes`);
}
client.disconnect();
await server.stop();
