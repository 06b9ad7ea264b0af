import { GenericContainer, getContainerRuntimeClient } from "testcontainers";
import type { RunningProgram } from "./launch.ts";

/**
 * Run one program of an image as if it were a child process: the host's network, so that the nodes of a cluster reach
 * each other at the addresses they announce, and the host's folder. Testcontainers removes it should we crash.
 */
export async function launchContainer(
  image: string,
  program: string,
  args: readonly string[],
  folder: string,
): Promise<RunningProgram> {
  const said: string[] = [];
  const started = await new GenericContainer(image)
    .withNetworkMode("host")
    .withUser(`${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`)
    .withBindMounts([{ source: folder, target: folder, mode: "rw" }])
    .withWorkingDir(folder)
    .withLogConsumer((log) => log.on("data", (line) => said.push(String(line))))
    .withEntrypoint([program])
    .withCommand([...args])
    .start();
  const { container: engine } = await getContainerRuntimeClient();
  const container = engine.getById(started.getId());
  const { State } = await container.inspect();
  let hasEnded = false;
  const ended = container.wait().then(() => {
    hasEnded = true;
  });
  return {
    pid: State.Pid,
    get hasEnded() {
      return hasEnded;
    },
    ended,
    said: () => said.join(""),
    signal: (name) => void container.kill({ signal: name }),
  };
}
