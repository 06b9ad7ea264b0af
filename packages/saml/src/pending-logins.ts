import { networkOf } from "./client-network.ts";
import { SamlError } from "./errors.ts";

/**
 * How many logins this process has begun within one login lifetime. Anybody may begin a login, and each one
 * takes room in the state that sessions live in; so their number is bounded, per process and per client.
 */
export class PendingLogins {
  readonly #begun: { readonly atMs: number; readonly client: string | undefined }[] = [];
  readonly #byClient = new Map<string, number>();
  readonly #most: number;
  readonly #mostPerClient: number;
  readonly #lifetimeMs: number;
  readonly #now: () => number;
  #first = 0;

  constructor(most: number, mostPerClient: number, lifetimeMs: number, now: () => number = Date.now) {
    this.#most = most;
    this.#mostPerClient = mostPerClient;
    this.#lifetimeMs = lifetimeMs;
    this.#now = now;
  }

  get size(): number {
    return this.#begun.length - this.#first;
  }

  /** Count one login; throws {@link SamlError} (`flood`) when there are too many. `address`: the client's. */
  admit(address?: string): void {
    const client = address === undefined ? undefined : networkOf(address);
    const now = this.#now();
    this.#forgetOlderThan(now - this.#lifetimeMs);
    const own = client === undefined ? 0 : (this.#byClient.get(client) ?? 0);
    if (this.size >= this.#most || own >= this.#mostPerClient) throw new SamlError("flood");
    if (client !== undefined) this.#byClient.set(client, own + 1);
    this.#begun.push({ atMs: now, client });
  }

  #forgetOlderThan(limit: number): void {
    let login = this.#begun[this.#first];
    while (login !== undefined && login.atMs <= limit) {
      this.#release(login.client);
      this.#first += 1;
      login = this.#begun[this.#first];
    }
    if (this.#first <= 1_000) return;
    this.#begun.splice(0, this.#first);
    this.#first = 0;
  }

  #release(client: string | undefined): void {
    if (client === undefined) return;
    const left = (this.#byClient.get(client) ?? 1) - 1;
    if (left === 0) this.#byClient.delete(client);
    else this.#byClient.set(client, left);
  }
}
