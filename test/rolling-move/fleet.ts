import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type Alb, type StickinessOptions, startAlb } from "@unstick/alb";
import { waitUntil } from "@unstick/testbed";
import { compileProgram } from "@unstick/testbed/compile-program";
import type { Subject } from "./instance.ts";

/** Three instances behind the load balancer. */
export interface Fleet {
  readonly url: string;
  /** Processes for {@link Fleet.roll}: nobody is sent to them yet. */
  start(subject: Subject): Promise<readonly Instance[]>;
  /** Replace one instance after the other; after each, wait for `isSeen`: visitors have been to the mixed fleet. */
  roll(by: readonly Instance[], isSeen: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

interface Instance {
  readonly process: ChildProcess;
  readonly url: string;
}

const SIZE = 3;
// Instances run the sources, as the tests do: the root's `paths` lead there.
const program = compileProgram(new URL("instance.ts", import.meta.url));

export async function startFleet(
  subject: Subject,
  redisUrl: string,
  stickiness: StickinessOptions,
): Promise<Fleet> {
  let instances = await startInstances(subject, redisUrl);
  const alb = await startAlb({
    targets: instances.map(({ url }) => url),
    stickiness,
    // A check every 50 ms: each instance that is new takes traffic at once.
    healthCheck: { intervalSeconds: 5, healthyThreshold: 2 },
    timeScale: 0.01,
  });
  return {
    url: alb.url,
    start: (next) => startInstances(next, redisUrl),
    roll: async (by, isSeen) => {
      for (const [at, instance] of by.entries()) {
        await replace(alb, instances[at] as Instance, instance);
        await isSeen();
      }
      instances = [...by];
    },
    stop: async () => {
      await alb.close();
      await Promise.all([...running].map(end));
    },
  };
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function startInstances(subject: Subject, redisUrl: string): Promise<Instance[]> {
  return Promise.all(Array.from({ length: SIZE }, () => startInstance(subject, redisUrl)));
}

async function startInstance(subject: Subject, redisUrl: string): Promise<Instance> {
  const child = fork(program, [subject, redisUrl], {
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`an instance of ${subject} ended with ${code}`);
  });
  ended.catch(() => {});
  const [url] = (await Promise.race([once(child, "message"), ended])) as [string];
  return { process: child, url };
}

/** As a deployment does: the new one takes traffic before the old one is drained and stopped. */
async function replace(alb: Alb, old: Instance, by: Instance): Promise<void> {
  alb.register(by.url);
  const isHealthy = (): boolean =>
    alb.status().targets.some(({ target, state }) => target === by.url && state === "healthy");
  await waitUntil("the new instance is healthy", isHealthy);
  await alb.deregister(old.url);
  await end(old.process);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
