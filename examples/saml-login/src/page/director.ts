import { Crowd, type CrowdMember } from "../crowd.ts";
import type { Demo, DemoEvents } from "../demo.ts";
import { DemoError } from "../errors.ts";
import { type Explanation, explain } from "../explain.ts";
import type { InstanceView } from "../fleet/fleet.ts";
import { Journal, type Login } from "../journal.ts";
import { findMode, type Mode, modes } from "../modes.ts";

/** All that the page shows. */
export interface Scene {
  readonly loginUrl: string;
  readonly publicUrl: string;
  readonly idpUrl: string;
  readonly framework: string;
  readonly state: string;
  readonly modes: readonly Mode[];
  readonly mode: string;
  /** What is being done right now; null when the person may act. */
  readonly busy: string | null;
  readonly instances: readonly InstanceView[];
  readonly login: Login | null;
  readonly explanation: Explanation;
  readonly crowd: readonly CrowdMember[];
  /** What was done, the latest first. */
  readonly log: readonly string[];
}

export interface Action {
  readonly name: string;
  /** Mode or instance. */
  readonly subject: string;
}

/** Does what the person clicks, one thing at a time, and keeps what the page shows. */
export class Director {
  readonly events: DemoEvents;
  readonly #journal = new Journal();
  readonly #crowd = new Crowd();
  readonly #onScene: () => void;
  #demo: Demo | null = null;
  #busy: string | null = "Starting";
  #log: string[] = [];

  constructor(onScene: () => void) {
    this.#onScene = onScene;
    this.events = {
      onStep: (step) => {
        this.#journal.noteStep(step, (name) => this.#view(name)?.pid ?? 0);
        onScene();
      },
      onAnswered: (requestId) => {
        this.#journal.noteSignedIn(requestId);
        onScene();
      },
      onChange: onScene,
    };
  }

  async begin(demo: Demo): Promise<void> {
    this.#demo = demo;
    await this.#changeMode(demo, "local");
    this.#become(null);
  }

  scene(): Scene {
    const demo = this.#requireDemo();
    const login = this.#journal.latest;
    const isBeginnerAlive = demo.fleet
      .views()
      .some((view) => view.isRunning && view.pid === login?.begunByPid);
    const state = demo.stateDescription;
    return {
      loginUrl: `${demo.publicUrl}/login`,
      publicUrl: demo.publicUrl,
      idpUrl: demo.idpUrl,
      framework: demo.framework === "koa" ? "Koa" : "Express",
      state,
      modes,
      mode: demo.fleet.mode.id,
      busy: this.#busy,
      instances: demo.fleet.views(),
      login,
      explanation: explain(login, { mode: demo.fleet.mode, state, isBeginnerAlive }),
      crowd: this.#crowd.members,
      log: this.#log,
    };
  }

  /** Rejects if something else is being done, or if there is no such action. */
  async act({ name, subject }: Action): Promise<void> {
    const demo = this.#requireDemo();
    if (this.#busy !== null) throw new DemoError(`busy: ${this.#busy}`);
    const actions: Readonly<Record<string, [busy: string, act: () => Promise<void>]>> = {
      mode: ["Starting three fresh instances", () => this.#changeMode(demo, subject)],
      kill: [`Killing instance ${subject}`, () => this.#kill(demo, subject)],
      revive: [`Starting instance ${subject}`, () => this.#revive(demo, subject)],
      deploy: ["Deploying, one instance at a time", () => this.#deploy(demo)],
      crowd: ["Twelve people are logging in", () => this.#logCrowdIn(demo)],
    };
    if (!Object.hasOwn(actions, name)) throw new DemoError(`no action ${name}`);
    const [busy, act] = actions[name]!;
    this.#become(busy);
    try {
      await act();
    } catch (error) {
      this.#say(`It failed: ${(error as Error).message}`);
      throw error;
    } finally {
      this.#become(null);
    }
  }

  close(): void {
    this.#crowd.forget();
  }

  async #changeMode(demo: Demo, id: string): Promise<void> {
    const mode = findMode(id);
    this.#journal.forget();
    this.#crowd.forget();
    await demo.fleet.begin(mode);
    this.#log = [];
    this.#say(`${mode.title}: three fresh instances are running.`);
  }

  async #kill(demo: Demo, instance: string): Promise<void> {
    await demo.fleet.kill(instance);
    this.#say(`Instance ${instance} was killed. ${await this.#whoIsOut(demo)}`);
  }

  async #revive(demo: Demo, instance: string): Promise<void> {
    await demo.fleet.revive(instance);
    this.#say(`Instance ${instance} is back, as a new process with an empty memory.`);
  }

  async #deploy(demo: Demo): Promise<void> {
    await demo.fleet.deploy();
    this.#say(`Every instance was replaced by a new release. ${await this.#whoIsOut(demo)}`);
  }

  async #logCrowdIn(demo: Demo): Promise<void> {
    await this.#crowd.logIn(demo.publicUrl, this.#onScene);
    await this.#crowd.check();
    const inside = this.#crowd.members.filter(({ status }) => status === "logged in").length;
    this.#say(`Twelve people tried to log in: ${inside} are in.`);
  }

  async #whoIsOut(demo: Demo): Promise<string> {
    if (this.#crowd.members.length === 0) return "";
    const lost = await this.#crowd.check();
    if (lost > 0) return `${lost} people were logged out: their sessions were in memory that is gone.`;
    return demo.fleet.mode.isShared
      ? "Nobody was logged out: sessions are kept outside the instances."
      : "Nobody more was logged out.";
  }

  #say(sentence: string): void {
    this.#log = [sentence.trim(), ...this.#log].slice(0, 8);
  }

  #become(busy: string | null): void {
    this.#busy = busy;
    this.#onScene();
  }

  #view(name: string): InstanceView | undefined {
    return this.#demo?.fleet.views().find((view) => view.name === name);
  }

  #requireDemo(): Demo {
    if (this.#demo === null) throw new DemoError("the demo is starting");
    return this.#demo;
  }
}
