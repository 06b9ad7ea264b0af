import { connect } from "node:net";

/** Send one command to a server of loopback and answer its raw reply; for setting servers up and looking in. */
export function redisCommand(port: number, ...words: readonly (string | number)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const parts: string[] = [];
    const command = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`).join("");
    // The server closes after QUIT, so all that came is the reply and QUIT's "+OK".
    socket.end(`*${words.length}\r\n${command}*1\r\n$4\r\nQUIT\r\n`);
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => parts.push(chunk));
    socket.on("error", reject);
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer to ${words[0]} within 5000 ms`)));
    socket.on("close", () => resolve(parts.join("").replace(/\+OK\r\n$/, "")));
  });
}
