import { type RedisServer, startRedis } from "@unstick/testbed";
import { type Fleet, startFleet } from "./fleet.ts";
import type { InstanceOptions, Subject } from "./subjects.ts";
import { closeVisits } from "./visit.ts";

/** What every measure is given. */
export interface Env {
  readonly redis: RedisServer;
  /** How many instances an application has at most. */
  readonly instances: number;
  /** Instances that keep their sessions so, three unless told otherwise, started when they are first asked for. */
  fleet(subject: Subject): Promise<Fleet>;
  /** Say how far a measure is, for whoever waits. */
  note(text: string): void;
}

/** Keys of a subject begin so, in every measure that uses {@link Env.fleet}. */
export function prefixOf(subject: Subject): string {
  return `${subject}:`;
}

export interface OpenEnv extends Env {
  close(): Promise<void>;
}

export async function openEnv(instances = 3): Promise<OpenEnv> {
  const redis = await startRedis();
  const fleets = new Map<Subject, Promise<Fleet>>();
  const start = (subject: Subject): Promise<Fleet> => {
    const instance: InstanceOptions = { subject, redisUrl: redis.url, prefix: prefixOf(subject) };
    return startFleet(Array.from({ length: instances }, () => instance));
  };
  return {
    redis,
    instances,
    fleet: (subject) => {
      const fleet = fleets.get(subject) ?? start(subject);
      fleets.set(subject, fleet);
      return fleet;
    },
    note: (text) => void process.stderr.write(`${text}\n`),
    close: async () => {
      closeVisits();
      const started = await Promise.allSettled(fleets.values());
      await Promise.all(started.map((fleet) => fleet.status === "fulfilled" && fleet.value.stop()));
      await redis.stop();
    },
  };
}
