import { once } from "node:events";
import { connect, type Socket } from "node:net";

/**
 * Keep-alive connections that ask one thing over and over. All answers have one length, so bytes are counted, not
 * parsed: a load generator that costs a core less leaves the server's figures alone. Rounds are too short for one
 * that has to be set up each time.
 */
export class Load {
  readonly #sockets: readonly Socket[];
  readonly #requests: readonly Buffer[];
  readonly #answerBytes: number;

  private constructor(sockets: readonly Socket[], requests: readonly Buffer[], answerBytes: number) {
    this.#sockets = sockets;
    this.#requests = requests;
    this.#answerBytes = answerBytes;
  }

  /** One connection for each Cookie header. `body`: what every answer ends with. */
  static async open(port: number, path: string, body: string, cookies: readonly string[]): Promise<Load> {
    const requests = cookies.map((cookie) =>
      Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\n\r\n`),
    );
    const sockets = requests.map(() => connect({ port, host: "127.0.0.1", noDelay: true }));
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    const lengths = await Promise.all(
      sockets.map((socket, at) => measureAnswer(socket, requests[at]!, body)),
    );
    if (new Set(lengths).size > 1) throw new Error(`answers differ in length: ${lengths}`);
    return new Load(sockets, requests, lengths[0]!);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /**
   * So many requests over each connection, one at a time; requests per second. `isAwake`: never to sleep meanwhile.
   * To wake a sleeper is work that the kernel charges to the server whose answer wakes it, some 10 µs on a virtual
   * machine, and only a server that is slower than the generator finds it asleep. So for CPU time it must not sleep;
   * for requests per second it must not take time that others need.
   */
  async run(requestsEach: number, isAwake: boolean = false): Promise<number> {
    let isRunning = isAwake;
    const stayAwake = (): void => void (isRunning && setImmediate(stayAwake));
    stayAwake();
    const begun = performance.now();
    await Promise.all(
      this.#sockets.map((socket, at) => this.#drive(socket, this.#requests[at]!, requestsEach)),
    );
    isRunning = false;
    return (requestsEach * this.#sockets.length) / ((performance.now() - begun) / 1_000);
  }

  #drive(socket: Socket, request: Buffer, count: number): Promise<void> {
    return new Promise((resolve) => {
      let answers = 0;
      let received = 0;
      const onData = (chunk: Buffer): void => {
        received += chunk.length;
        if (received < this.#answerBytes) return;
        if (received > this.#answerBytes) throw new Error("an answer is longer than the first one");
        received = 0;
        answers++;
        if (answers < count) socket.write(request);
        else resolve(void socket.off("data", onData));
      };
      socket.on("data", onData).write(request);
    });
  }
}

/** express-session keeps the last byte of an answer back, which then comes in two pieces. */
async function measureAnswer(socket: Socket, request: Buffer, body: string): Promise<number> {
  let text = "";
  socket.write(request);
  while (!text.endsWith(`\r\n\r\n${body}`)) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    text += chunk.toString("latin1");
    if (!text.startsWith("HTTP/1.1 200 ") || text.length > 4_096) throw new Error(`answered ${text}`);
  }
  return text.length;
}
