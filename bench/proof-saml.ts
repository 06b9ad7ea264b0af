import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { startRedis } from "@unstick/testbed";
import { startFaultProxy } from "@unstick/testbed/fault-proxy";
import { createIdentityProvider } from "@unstick/testbed/identity-provider";
import { Redis } from "ioredis";
import { formatTable, number, type Row } from "./proof/row.ts";
import type { Bed, SamlMeasure } from "./proof/saml/bed.ts";
import { Fleet } from "./proof/saml/fleet.ts";
import { samlMeasures } from "./proof/saml/measures.ts";
import type { Subject } from "./proof/saml/messages.ts";

/**
 * The figures of SAML login state: three processes, a real identity provider, one real Redis; beside ours
 * node-saml with its own cache, and with the Redis cache that applications write for it.
 * `npm run proof:saml`, `npm run proof:saml -- --quick`, `--json`, `--only=<part of a name>`, `--most=<rounds>`;
 * `--tiny` is one round of each, and less patience with a store that is lost: whether all of it runs, in half a minute.
 * Ends with 1 when a figure is not what it must be.
 */
const { values: args } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    tiny: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    most: { type: "string", default: "" },
  },
});

const callbackUrl = "http://sp.test/acs";
const entityId = "urn:unstick:proof";
const machine = `Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}`;
const begun = performance.now();
const rows = await proveAll();
const seconds = Math.round((performance.now() - begun) / 1000);
if (args.json) console.log(JSON.stringify({ machine, isQuick: args.quick, seconds, rows }, undefined, 2));
else
  console.log(
    `${machine}; ${args.tiny || args.quick ? "quick" : "full"} counts, ${seconds} s\n\n${formatTable(rows)}`,
  );
// Node 20 now and then never ends by itself here: it waits, busily, for the handle of a process that has ended.
process.exit(rows.length === 0 || rows.some(({ held }) => !held) ? 1 : 0);

async function proveAll(): Promise<readonly Row[]> {
  // Written before it is answered: what a killed server has said it still knows when it is back.
  const redis = await startRedis(["--appendonly", "yes"]);
  const proxy = await startFaultProxy(redis.port);
  const admin = new Redis(redis.url);
  admin.on("error", () => {});
  const idp = await createIdentityProvider({
    entityId: "urn:unstick:proof-idp",
    loginUrl: "http://idp.test/login",
    serviceProvider: { entityId, callbackUrl },
  });
  const subjects: readonly Subject[] = ["unstick", "naive", "default"];
  const beds = subjects.map((subject): Bed => {
    const redisUrl = `redis://127.0.0.1:${proxy.port}`;
    const patienceMs = args.tiny ? 3_000 : 10_000;
    const order = { subject, redisUrl, certificate: idp.certificate, callbackUrl, entityId, patienceMs };
    return { subject, fleet: new Fleet(order), idp, redis, proxy, admin, callbackUrl };
  });
  try {
    const proved: Row[] = [];
    for (const measure of samlMeasures.filter(({ name }) => name.includes(args.only))) {
      proved.push(await prove(measure, beds));
    }
    return proved;
  } finally {
    await Promise.all(beds.map(({ fleet }) => fleet.close()));
    admin.disconnect();
    await proxy.stop();
    await redis.stop();
  }
}

async function prove(measure: SamlMeasure, beds: readonly Bed[]): Promise<Row> {
  const [full, quick] = measure.counts;
  const most = args.tiny ? 1 : Number(args.most || full);
  const rounds = Math.min(args.quick ? quick : full, most);
  process.stderr.write(`▸ ${measure.name} (${number(rounds)})\n`);
  const counted = [];
  for (const bed of beds) {
    // The peers' faults show in a few rounds; only ours must hold in all of them.
    const count = await measure.measure(
      bed,
      bed.subject === "unstick" ? rounds : Math.min(rounds, args.quick || args.most ? 10 : 30),
    );
    counted.push({ bed, count, text: `${number(count.count)} of ${number(count.of)}` });
  }
  const [ours, naive, plain] = counted;
  return {
    measure: measure.name,
    mustBe: measure.mustBe,
    ours: ours?.text ?? "",
    peer: `naive Redis cache ${naive?.text}; node-saml's own ${plain?.text}`,
    held: ours !== undefined && measure.isGood(ours.count),
  };
}
