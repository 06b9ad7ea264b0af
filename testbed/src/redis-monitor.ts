import { once } from "node:events";
import { connect } from "node:net";

/** One command as Redis's MONITOR tells it. `source`: the client's address, or `lua` for what a script did. */
type MonitorListener = (words: readonly string[], source: string) => void;

/**
 * Hear every command that reaches a Redis (redis.io, MONITOR); resolves when it does. Over a socket of its own:
 * ioredis's monitor ends the process when another client's command comes along with the answer to its MONITOR.
 */
export async function monitorRedis(port: number, onCommand: MonitorListener): Promise<{ stop(): void }> {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  await once(socket, "connect");
  const begun = new Promise<void>((resolve, reject) => {
    let rest = "";
    socket.on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "+OK") resolve();
        else if (line.startsWith("-")) reject(new Error(line));
        else hear(line, onCommand);
      }
    });
  });
  socket.write("MONITOR\r\n");
  await begun;
  return { stop: () => void socket.destroy() };
}

/** `+1339518083.107412 [0 127.0.0.1:60866] "set" "a \"b\""` */
function hear(line: string, onCommand: MonitorListener): void {
  const source = /^\+[\d.]+ \[\d+ ([^\]]+)\]/.exec(line)?.[1];
  if (source === undefined) return;
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ""]) =>
    word.replace(/\\(["\\])/g, "$1"),
  );
  onCommand(words, source);
}
