import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { inflateRawSync } from "node:zlib";
import { type CacheProvider, SAML, ValidateInResponseTo } from "@node-saml/node-saml";
import { redisBackend, redisState } from "@unstick/redis";
import { linkSession, protect } from "@unstick/saml";
import { sessionKey } from "@unstick/session";
import { Redis } from "ioredis";
import type { Call, InstanceOrder, Reply } from "./messages.ts";
import { serve } from "./routes.ts";

/** One instance of a service provider, in a process of its own: it is told what to do over IPC. */
const order = JSON.parse(process.argv[2] ?? "") as InstanceOrder;
const client = new Redis(order.redisUrl, {
  autoResendUnfulfilledCommands: false,
  // Without a timeout of its own a command whose connection was cut never ends in ioredis: the peers would hang.
  ...(order.subject !== "unstick" && { commandTimeout: order.patienceMs }),
});
client.on("error", () => {});
const deadlineMs = order.patienceMs;
const sessions = redisBackend(client, { prefix: "proof-session:", deadlineMs });
const state = redisState(client, { prefix: "proof-state:", deadlineMs });
const providers = {
  plain: provider(),
  unsolicited: provider({ unsolicited: "accept" }, { validateInResponseTo: ValidateInResponseTo.ifPresent }),
  lenient: provider(
    { unsolicited: "accept" },
    { wantAuthnResponseSigned: false, validateInResponseTo: ValidateInResponseTo.ifPresent },
  ),
};

function provider(policy: object = {}, changes: object = {}, isBare = false): SAML {
  const saml = new SAML({
    issuer: order.entityId,
    callbackUrl: order.callbackUrl,
    idpCert: order.certificate,
    entryPoint: "http://idp.test/login",
    validateInResponseTo: ValidateInResponseTo.always,
    ...(order.subject === "naive" && { cacheProvider: naive() }),
    ...changes,
  });
  // The routes protect what they are given.
  if (isBare) return saml;
  return order.subject === "unstick"
    ? protect(saml, { state, sessions, maxPendingLogins: 1_000_000, ...policy })
    : saml;
}

/** As it is found in applications: SET, GET, DEL (https://github.com/espoon-voltti/evaka/pull/793). */
function naive(): CacheProvider {
  return {
    saveAsync: async (key, value) => {
      await client.set(`naive:${key}`, value, "EX", 28_800);
      return { value, createdAt: Date.now() };
    },
    getAsync: (key) => client.get(`naive:${key}`),
    removeAsync: async (key) => {
      if (key !== null) await client.del(`naive:${key}`);
      return key;
    },
  };
}

async function begin(): Promise<string> {
  const url = new URL(await providers.plain.getAuthorizeUrlAsync("", undefined, {}));
  const xml = inflateRawSync(Buffer.from(url.searchParams.get("SAMLRequest") ?? "", "base64")).toString();
  return / ID="([^"]+)"/.exec(xml)?.[1] ?? "";
}

async function present({ answer, policy, sessionId }: Call & { verb: "present" }): Promise<boolean> {
  const saml = providers[policy ?? "plain"];
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: answer });
  if (profile === null) return false;
  if (sessionId !== undefined) {
    await sessions.create(sessionKey(sessionId), new Map(), { idleMs: 600_000 });
    if (order.subject === "unstick") await linkSession(profile, sessionId);
  }
  return true;
}

async function answer(call: Call): Promise<Omit<Reply, "number">> {
  if (call.verb === "begin") return { text: await begin(), isYes: true };
  if (call.verb === "listen") return { text: await listen(), isYes: true };
  if (call.verb === "present") return { text: "", isYes: await present(call) };
  if (call.verb === "isAlive") {
    return { text: "", isYes: (await sessions.read(sessionKey(call.sessionId))) !== null };
  }
  const { loggedOut } = await providers.plain.validatePostRequestAsync({ SAMLRequest: call.request });
  return { text: "", isYes: loggedOut };
}

async function listen(): Promise<string> {
  const server = serve(order.subject, () => provider({}, {}, true), { state, maxPendingLogins: 1_000_000 });
  await once(server, "listening");
  return String((server.address() as AddressInfo).port);
}

process.on("message", ({ number, call }: { number: number; call: Call }) => {
  answer(call)
    .catch((error: Error & { code?: string }) => ({ text: error.code ?? error.message, isYes: false }))
    .then((reply) => process.send?.({ number, ...reply } satisfies Reply, () => {}));
});
process.on("disconnect", () => process.exit());
// It may have been sent away while it was still loading.
if (!process.connected) process.exit();
