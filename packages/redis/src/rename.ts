import { randomBytes } from "node:crypto";
import {
  type AttributeChange,
  type Lifetime,
  RENAMED_TOMBSTONE_MS,
  type RenameOutcome,
  type SessionKey,
} from "@unstick/session";
import type { Caller } from "./caller.ts";
import { REPLY } from "./lua/record.ts";
import { ARRIVE, LEAVE, RENAME } from "./lua/rename-scripts.ts";
import { fieldName } from "./record.ts";
import { replyAttributes, replyList, replyText } from "./reply.ts";
import { decodeRefusal, decodeReply, destroySession, lifetimeArgs, pushChange } from "./session-verbs.ts";
import { isSameSlot } from "./slot.ts";

export interface Rename {
  readonly prefix: string;
  readonly from: SessionKey;
  readonly to: SessionKey;
  readonly change: AttributeChange;
  readonly lifetime: Lifetime;
  readonly graceMs: number;
}

/** One script where both keys share a slot, else one for each half: the first decides. */
export function renameSession(caller: Caller, rename: Rename): Promise<RenameOutcome> {
  const from = rename.prefix + rename.from;
  const to = rename.prefix + rename.to;
  const { keyPrefix, isCluster } = caller.link;
  if (isCluster && !isSameSlot(keyPrefix + from, keyPrefix + to)) {
    return caller.run("rename", () => renameAcrossSlots(caller, rename, from, to));
  }
  return caller.script("rename", RENAME, [from, to], leaveArgs(rename, []), (raw) => {
    const [code, rest] = decodeReply(caller, raw);
    return code === REPLY.ok ? { outcome: "ok" } : decodeRefusal(caller, "rename", code, rest);
  });
}

async function renameAcrossSlots(
  caller: Caller,
  rename: Rename,
  from: string,
  to: string,
): Promise<RenameOutcome> {
  const call = randomBytes(6).toString("base64url");
  const left = await caller.script("rename", LEAVE, [from], leaveArgs(rename, [call]), (raw) =>
    decodeReply(caller, raw),
  );
  const [code, ...rest] = left;
  if (code !== REPLY.ok) return decodeRefusal(caller, "rename", code, rest[0]);
  const args = arriveArgs(rename, rest);
  const arrived = await caller.script("rename", ARRIVE, [to], args, (raw) => decodeReply(caller, raw));
  if (arrived[0] === REPLY.ok) return { outcome: "ok" };
  await destroySession(caller, from, RENAMED_TOMBSTONE_MS);
  return { outcome: "gone" };
}

function leaveArgs({ lifetime, graceMs, to, change }: Rename, call: readonly string[]): string[] {
  const args = [...lifetimeArgs(lifetime), String(graceMs), String(RENAMED_TOMBSTONE_MS), to, ...call];
  pushChange(args, change);
  return args;
}

function arriveArgs({ lifetime, change }: Rename, [added, left]: readonly unknown[]): string[] {
  const list = replyList(left).map(replyText);
  const record = new Map<string, string>();
  for (let at = 0; at + 1 < list.length; at += 2) record.set(list[at] ?? "", list[at + 1] ?? "");
  const header = record.get("") ?? "";
  record.delete("");
  for (const name of change.remove ?? []) record.delete(fieldName(name));
  for (const [name, value] of [...(change.set ?? []), ...replyAttributes(added)])
    record.set(fieldName(name), value);
  const args = [...lifetimeArgs(lifetime), header];
  for (const [field, value] of record) args.push(field, value);
  return args;
}
