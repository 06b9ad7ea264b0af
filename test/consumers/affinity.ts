import assert from "node:assert/strict";
import { AffinityOptionError, type AffinityOptions, decide, readOptions } from "@unstick/affinity";

const options: AffinityOptions = { name: "APPCOOKIE", secret: "sixteen bytes or more" };

export async function smoke(): Promise<void> {
  const config = readOptions(options);
  const input = { now: Date.now(), random: new Uint8Array(12), instance: "a", draining: false };
  const first = decide({ ...input, cookieHeader: undefined }, config);
  assert.equal(first.state, "new");
  const second = decide({ ...input, cookieHeader: `APPCOOKIE=${first.value}` }, config);
  assert.equal(second.state, "kept");
  assert.throws(() => readOptions({ ...options, name: "AWSALBAPP" }), AffinityOptionError);
}
