import { randomBytes } from "node:crypto";
import { type Alb, startAlb, type TargetStatus } from "@unstick/alb";
import { DemoError } from "../errors.ts";
import { type Mode, stickyCookieName } from "../modes.ts";
import { waitUntil } from "../wait-until.ts";
import { type InstanceEvents, type InstanceProcess, startInstance } from "./instance-process.ts";
import type { Framework, InstanceConfig, StateLocation } from "./messages.ts";

const names = ["A", "B", "C"] as const;

export interface FleetOptions extends InstanceEvents {
  readonly framework: Framework;
  readonly homeUrl: string;
  readonly identityProvider: InstanceConfig["identityProvider"];
  readonly state: StateLocation;
  /** Told whenever an instance comes or goes. */
  readonly onChange: () => void;
}

export interface InstanceView {
  readonly name: string;
  /** 1 at first; each deploy adds one. */
  readonly release: number;
  readonly pid: number;
  /** Its own address, past the balancer. */
  readonly url: string;
  readonly isRunning: boolean;
  /** As the balancer sees it; "gone" when it is not registered. */
  readonly health: TargetStatus["state"] | "gone";
  readonly requests: number;
}

interface Place {
  readonly process: InstanceProcess;
  readonly release: number;
}

/** Three instances of the service provider behind one balancer. */
export class Fleet {
  readonly #alb: Alb;
  readonly #options: FleetOptions;
  #places = new Map<string, Place>();
  #isClosed = false;
  #mode: Mode;
  #secrets = newSecrets();

  constructor(alb: Alb, mode: Mode, options: FleetOptions) {
    this.#alb = alb;
    this.#mode = mode;
    this.#options = options;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** Three fresh processes in this mode; those of the mode before are gone, with all they remembered. */
  async begin(mode: Mode): Promise<void> {
    this.#mode = mode;
    this.#options.onChange();
    await this.#removeAll();
    // Cookies of the mode before are worthless from here on, so that no mode is helped by another one's.
    this.#secrets = newSecrets();
    this.#alb.setStickiness(
      mode.stickyCookie === null ? { type: "none" } : { type: "app_cookie", cookieName: stickyCookieName },
    );
    await Promise.all(names.map((name) => this.#start(name, 1)));
    await waitUntil("all instances are healthy", () =>
      this.views().every(({ health }) => health === "healthy"),
    );
    this.#options.onChange();
  }

  views(): InstanceView[] {
    const targets = this.#alb.status().targets;
    return names.flatMap((name) => {
      const place = this.#places.get(name);
      if (place === undefined) return [];
      const { process, release } = place;
      const target = targets.findLast((status) => sameUrl(status.target, process.url));
      const health = target?.state ?? "gone";
      const requests = target?.requests ?? 0;
      const { pid, url, isRunning } = process;
      return [{ name, release, pid, url, isRunning, health, requests }];
    });
  }

  /** SIGKILL. The balancer is not told: its health checks find out, as they would. */
  async kill(name: string): Promise<void> {
    await this.#place(name).process.kill();
    this.#options.onChange();
    await waitUntil(
      `the balancer has noticed that ${name} is gone`,
      () => this.#healthOf(name) !== "healthy",
    );
    this.#options.onChange();
  }

  /** A fresh process in the place of a dead one. */
  async revive(name: string): Promise<void> {
    const { process, release } = this.#place(name);
    if (process.isRunning) throw new DemoError(`instance ${name} is running`);
    await this.#alb.deregister(process.url);
    await this.#start(name, release);
    await waitUntil(`${name} is healthy`, () => this.#healthOf(name) === "healthy");
    this.#options.onChange();
  }

  /** A rolling deploy, one instance at a time: out of the balancer, stopped, replaced, back in. */
  async deploy(): Promise<void> {
    for (const name of names) {
      const { process, release } = this.#place(name);
      await this.#alb.deregister(process.url);
      this.#options.onChange();
      if (process.isRunning) await process.stop();
      await this.#start(name, release + 1);
      await waitUntil(`${name} is healthy`, () => this.#healthOf(name) === "healthy");
      this.#options.onChange();
    }
  }

  /** Ends every instance; the balancer belongs to whoever started it. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#removeAll();
  }

  async #start(name: string, release: number): Promise<void> {
    const { framework, homeUrl, identityProvider, state } = this.#options;
    const process = await startInstance(
      {
        name,
        framework,
        mode: this.#mode.id,
        publicUrl: this.#alb.url,
        homeUrl,
        identityProvider,
        secrets: this.#secrets,
        state,
      },
      this.#options,
    );
    if (this.#isClosed) return process.kill();
    this.#places.set(name, { process, release });
    this.#alb.register(process.url);
    this.#options.onChange();
  }

  async #removeAll(): Promise<void> {
    const places = [...this.#places.values()];
    this.#places = new Map();
    await Promise.all(
      places.map(async ({ process }) => {
        await this.#alb.deregister(process.url);
        if (process.isRunning) await process.kill();
      }),
    );
  }

  #place(name: string): Place {
    const place = this.#places.get(name);
    if (place === undefined) throw new DemoError(`there is no instance ${name}`);
    return place;
  }

  #healthOf(name: string): InstanceView["health"] | undefined {
    return this.views().find((view) => view.name === name)?.health;
  }
}

/**
 * The balancer of the demo. Its second is a tenth of ours, so that AWS's shortest health check interval (5 s)
 * finds a dead instance in about one second.
 */
export function startBalancer(port: number): Promise<Alb> {
  return startAlb({
    targets: [],
    port,
    timeScale: 0.1,
    healthCheck: { path: "/healthz", intervalSeconds: 5, unhealthyThreshold: 2 },
  });
}

function newSecrets(): InstanceConfig["secrets"] {
  return { sticky: randomBytes(32).toString("base64url"), session: randomBytes(32).toString("base64url") };
}

function sameUrl(a: string, b: string): boolean {
  return new URL(a).href === new URL(b).href;
}
