import type { RedisServer } from "@unstick/testbed";
import type { FaultProxy } from "@unstick/testbed/fault-proxy";
import type { IdentityProvider } from "@unstick/testbed/identity-provider";
import type { Redis } from "ioredis";
import type { Fleet } from "./fleet.ts";
import type { Subject } from "./messages.ts";

/** What a measure is given of one subject. */
export interface Bed {
  readonly subject: Subject;
  readonly fleet: Fleet;
  readonly idp: IdentityProvider;
  /** The store of all subjects. */
  readonly redis: RedisServer;
  /** On the way of every instance to the store. */
  readonly proxy: FaultProxy;
  /** An administrator's connection, past the proxy. */
  readonly admin: Redis;
  readonly callbackUrl: string;
}

/** How many of how many; `isGood` says whether that is what it must be. */
export interface Count {
  readonly count: number;
  readonly of: number;
}

export interface SamlMeasure {
  readonly name: string;
  readonly mustBe: string;
  readonly counts: readonly [full: number, quick: number];
  measure(bed: Bed, rounds: number): Promise<Count>;
  isGood(count: Count): boolean;
}

export const person = "ada@example.org";

export async function answerFor({ fleet, idp }: Bed, more: object = {}): Promise<string> {
  const { text: requestId } = await fleet.next().call({ verb: "begin" });
  return idp.answer({ requestId, nameId: person, ...more });
}

export const none = ({ count }: Count): boolean => count === 0;
export const all = ({ count, of }: Count): boolean => count === of;

/** One message presented so many times, one after the other, on all instances; how many were accepted. */
export async function replays(
  { fleet }: Bed,
  answer: string,
  times: number,
  policy?: "unsolicited" | "lenient",
): Promise<number> {
  let accepted = 0;
  for (let time = 0; time < times; time += 1) {
    const { isYes } = await fleet.next().call({ verb: "present", answer, ...(policy && { policy }) });
    if (isYes) accepted += 1;
  }
  return accepted;
}
