import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type Alb, startAlb } from "@unstick/alb";
import { freePort, waitUntil } from "@unstick/testbed";

/** Three instances of one application behind the load balancer, which sends every request to the next one. */
export interface Instances {
  readonly url: string;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export async function startInstances(program: URL, redisUrl: string): Promise<Instances> {
  const ports = [await freePort(), await freePort(), await freePort()];
  const children = ports.map((port) => startInstance(program, port, redisUrl));
  const stopAll = async (): Promise<void> => void (await Promise.all(children.map(end)));
  try {
    await Promise.all(
      ports.map((port, at) => waitUntil(`${program} listens`, () => listens(port, children[at]))),
    );
    const alb: Alb = await startAlb({
      targets: ports.map((port) => `http://127.0.0.1:${port}`),
      stickiness: { type: "none" },
      // One check at the start is enough for a short run.
      healthCheck: { intervalSeconds: 300, matcher: "200-499" },
    });
    return { url: alb.url, stop: async () => void (await Promise.all([alb.close(), stopAll()])) };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function startInstance(program: URL, port: number, redisUrl: string): ChildProcess {
  const env = { ...process.env, PORT: `${port}`, REDIS_URL: redisUrl };
  const child = fork(program, {
    env,
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

async function listens(port: number, child: ChildProcess | undefined): Promise<boolean> {
  if (child?.exitCode != null) throw new Error(`an instance ended with ${child.exitCode}`);
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
