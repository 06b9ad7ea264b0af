import { setTimeout as sleep } from "node:timers/promises";
import { hearErrors } from "../client-errors.ts";
import { replyText } from "../reply.ts";
import type { Send } from "./link.ts";

type Delay = number | false | Error;
type ReconnectStrategy = Delay | ((retries: number, cause: Error) => Delay);

/** What is used of a client of node-redis 4. */
export interface Client4 {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options?: {
    readonly database?: number;
    readonly commandsQueueMaxLength?: number;
    readonly disableOfflineQueue?: boolean;
    readonly socket?: { readonly reconnectStrategy?: ReconnectStrategy };
  };
  on(event: "error" | "end", listener: () => void): unknown;
  connect(): Promise<unknown>;
  disconnect(): Promise<void>;
  unref(): void;
  duplicate(overrides: object): Client4;
  sendCommand(command: readonly string[]): Promise<unknown>;
}

/** Version 4 alone runs functions on connections of a pool of its own. */
export function isClient4(client: object): client is Client4 {
  return "executeIsolated" in client && "duplicate" in client;
}

const ANSWER_WITHIN_MS = 1_000;
const FINISH_WITHIN_MS = 5_000;

const connections = new WeakMap<Client4, OwnConnection>();

/** What the application closes: a client, or the cluster that a client is a node of. */
interface Closable {
  readonly isOpen: boolean;
}

/** One for each client, whoever asks. */
export function ownConnection(client: Client4, whole: Closable = client): OwnConnection {
  const known = connections.get(client) ?? new OwnConnection(client, whole);
  connections.set(client, known);
  return known;
}

/**
 * A connection beside that of the application's client, made as it is made (`duplicate()`), opened by the first
 * command and given up when it breaks.
 *
 * When the connection of node-redis 4 breaks within a reply, what came of that reply is put before the replies
 * that come over the next connection: one caller gets a part of another's data, others get no answer, or the
 * process ends with "Cannot destructure property 'resolve'". (@redis/client 1.6.1: `reset()` in
 * lib/client/RESP2/decoder.js keeps `arraysInProcess`, `arrayItemType`, `initializeArray`, `integer`,
 * `isNegativeInteger` and `bulkStringRemainingLength`.) A client has one decoder for life, which `disconnect()`
 * and `connect()` keep, too; only another client has another.
 */
export class OwnConnection {
  readonly #origin: Client4;
  /** A cluster closes its clients of nodes for good when it has followed a slot and they break then; it is open. */
  readonly #whole: Closable;
  #current: Client4 | undefined;
  #opening: Promise<Client4> | undefined;
  #database: number | undefined;
  #waiting = 0;

  constructor(origin: Client4, whole: Closable) {
    this.#origin = origin;
    this.#whole = whole;
    origin.on("end", () => this.#finish());
  }

  /** Where the application's client is closed, this rejects as that does. */
  readonly send: Send = (command) => {
    if (!this.#whole.isOpen) return withoutLegacyMode(this.#origin).sendCommand(command);
    if (this.#current?.isReady) return this.#current.sendCommand(command);
    return this.#sendLater(command);
  };

  /** Answers whether there was a connection to give up. */
  reconnect(): boolean {
    const isOpen = this.#current !== undefined;
    this.#giveUp();
    return isOpen;
  }

  /** The application's settings hold here, too: how many may wait, and whether any may. */
  async #sendLater(command: readonly string[]): Promise<unknown> {
    const { commandsQueueMaxLength, disableOfflineQueue } = this.#origin.options ?? {};
    const isFirst = this.#database === undefined;
    const opening = this.#opening ?? this.#startOpening();
    if (disableOfflineQueue === true && !isFirst) throw new Error("The client is offline");
    if (this.#waiting >= (commandsQueueMaxLength ?? Number.POSITIVE_INFINITY)) {
      throw new Error("The queue is full");
    }
    this.#waiting += 1;
    try {
      return await (await opening).sendCommand(command);
    } finally {
      this.#waiting -= 1;
    }
  }

  #startOpening(): Promise<Client4> {
    const opening = this.#open().finally(() => {
      this.#opening = undefined;
    });
    // Who waits for it hears of it; perhaps nobody does.
    opening.catch(() => {});
    this.#opening = opening;
    return opening;
  }

  async #open(): Promise<Client4> {
    this.#database ??= await databaseOf(this.#origin);
    const client = this.#duplicate(this.#database);
    await client.connect();
    this.#current = client;
    if (!this.#whole.isOpen) this.#giveUp();
    return client;
  }

  #duplicate(database: number): Client4 {
    const origin = this.#origin;
    const socket = origin.options?.socket;
    const reconnectStrategy = (retries: number, cause: Error): Delay =>
      this.#whole.isOpen ? delayOf(socket?.reconnectStrategy, retries, cause) : false;
    // What a URL said is among the other options by now, and would win over them.
    const own = { url: undefined, database, legacyMode: false };
    const client = origin.duplicate({ ...own, socket: { ...socket, reconnectStrategy } });
    // What keeps the process is the application's client, and calls that wait for their answer.
    client.unref();
    hearErrors(client, "node-redis");
    // It tells this before it connects anew, and a client that is closed does not.
    client.on("error", () => {
      if (client === this.#current && !client.isReady) this.#giveUp();
    });
    return client;
  }

  /** What was sent before the application's client closed is answered first: replies come in order. */
  #finish(): void {
    const client = this.#current;
    this.#current = undefined;
    if (client === undefined) return;
    const late = sleep(FINISH_WITHIN_MS, undefined, { ref: false });
    const last = client.sendCommand(["PING"]).catch(() => {});
    void Promise.race([last, late]).then(() => close(client));
  }

  #giveUp(): void {
    const client = this.#current;
    this.#current = undefined;
    if (client !== undefined) close(client);
  }
}

/** Calls that wait for an answer are told that it is closed. */
function close(client: Client4): void {
  client.disconnect().catch(() => {});
}

/** `select()` leaves no trace but in the server; who may not ask there has what the options say. */
async function databaseOf(origin: Client4): Promise<number> {
  const asked = withoutLegacyMode(origin).sendCommand(["CLIENT", "INFO"]);
  const late = sleep(ANSWER_WITHIN_MS, undefined, { ref: false });
  const answer = await Promise.race([asked.catch(String), late]);
  if (answer === undefined) throw new Error("the application's client does not answer");
  const found = / db=(\d+) /.exec(replyText(answer))?.[1];
  return found === undefined ? (origin.options?.database ?? 0) : Number(found);
}

/** As version 4 does it (lib/client/socket.js, `#reconnectStrategy`). */
function delayOf(strategy: ReconnectStrategy | undefined, retries: number, cause: Error): Delay {
  if (typeof strategy === "function") return strategy(retries, cause);
  return strategy ?? Math.min(retries * 50, 500);
}

/** In `legacyMode` of version 4 `sendCommand` takes a callback, and the promises are under `v4`. */
function withoutLegacyMode(client: Client4): Client4 {
  try {
    return "v4" in client ? (client.v4 as Client4) : client;
  } catch {
    // Not in that mode the getter throws.
    return client;
  }
}
