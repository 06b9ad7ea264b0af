import { Crowd } from "../crowd.ts";
import type { Demo, DemoEvents } from "../demo.ts";
import { DemoError } from "../errors.ts";
import { explain } from "../explain.ts";
import type { InstanceView } from "../fleet/fleet.ts";
import type { LoggedOut } from "../fleet/messages.ts";
import { Journal } from "../journal.ts";
import { explainLogout, type Logout } from "../logout.ts";
import { findMode, modes } from "../modes.ts";
import { explainReplay, type Replay, replay } from "../replay.ts";
import { waitUntil } from "../wait-until.ts";
import { type WhoAmI, whoAmI } from "../who-am-i.ts";
import type { Action, Scene } from "./scene.ts";

/** Does what the person clicks, one thing at a time, and keeps what the page shows. */
export class Director {
  readonly events: DemoEvents;
  readonly #journal = new Journal();
  readonly #crowd = new Crowd();
  readonly #onScene: () => void;
  #demo: Demo | null = null;
  #busy: string | null = "Starting";
  #turn = 0;
  #log: string[] = [];
  #replay: Replay | null = null;
  #logout: Logout | null = null;
  #loggedOut: LoggedOut | null = null;

  constructor(onScene: () => void) {
    this.#onScene = onScene;
    this.events = {
      onStep: (step) => {
        this.#journal.noteStep(step, (name) => this.#view(name)?.pid ?? 0);
        // What was shown of the login before does not belong to this one.
        if (step.kind === "begun" && !step.isSimulated) this.#replay = null;
        onScene();
      },
      onLoggedOut: (loggedOut) => {
        this.#loggedOut = loggedOut;
      },
      onAnswered: (requestId, answer) => {
        this.#journal.noteSignedIn(requestId, answer);
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
    const instances = demo.fleet.views();
    const isBeginnerAlive = instances.some(({ isRunning, pid }) => isRunning && pid === login?.begunByPid);
    const state = demo.stateDescription;
    return {
      loginUrl: `${demo.publicUrl}/login`,
      publicUrl: demo.publicUrl,
      idpUrl: demo.idp.url,
      framework: demo.framework === "koa" ? "Koa" : "Express",
      state,
      modes,
      mode: demo.fleet.mode.id,
      busy: this.#busy,
      turn: this.#turn,
      instances,
      login,
      explanation: explain(login, { mode: demo.fleet.mode, state, isBeginnerAlive }),
      canReplay: this.#journal.latestAnswer !== null,
      replay: this.#replay,
      crowd: this.#crowd.members,
      logout: this.#logout,
      log: this.#log,
    };
  }

  /** Who the browser with these cookies is to each instance. */
  whoAmI(cookie: string): Promise<WhoAmI[]> {
    return whoAmI(cookie, this.#requireDemo().fleet.views());
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
      replay: ["Presenting the answer again", () => this.#replayLatest(demo)],
      crowd: ["Four people are logging in, on three devices each", () => this.#logCrowdIn(demo)],
      "logout-everywhere": [`Logging ${subject} out everywhere`, () => this.#logOut(demo, subject)],
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
      this.#turn += 1;
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
    this.#replay = null;
    this.#logout = null;
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
    await this.#crowd.check(demo.fleet.views());
    this.#say(`Instance ${instance} is back, as a new process with an empty memory.`);
  }

  async #deploy(demo: Demo): Promise<void> {
    await demo.fleet.deploy();
    this.#say(`Every instance was replaced by a new release. ${await this.#whoIsOut(demo)}`);
  }

  async #replayLatest(demo: Demo): Promise<void> {
    const answer = this.#journal.latestAnswer;
    if (answer === null) throw new DemoError("there is no answer to present: log in first");
    const results = await replay(answer, demo.publicUrl, demo.fleet.views());
    const isAccepted = this.#journal.latest?.redeemed?.refusal === null;
    const explanation = explainReplay(results, demo.fleet.mode, isAccepted);
    this.#replay = { results, explanation };
    this.#say(`${explanation.headline}.`);
  }

  async #logCrowdIn(demo: Demo): Promise<void> {
    this.#logout = null;
    await this.#crowd.logIn(demo.publicUrl, () => demo.fleet.views(), this.#onScene);
    const inside = this.#crowd.members.filter(({ status }) => status === "logged in").length;
    this.#say(`Twelve logins were tried, by four people on three devices each: ${inside} succeeded.`);
  }

  async #logOut(demo: Demo, name: string): Promise<void> {
    this.#loggedOut = null;
    const status = await demo.idp.logOut(name);
    if (status !== 302) throw new DemoError(`the logout was answered with HTTP ${status}`);
    await waitUntil("the instance tells what it ended", () => this.#loggedOut !== null, 5_000);
    await this.#crowd.check(demo.fleet.views());
    const left = this.#crowd.members.filter((one) => one.name === name && one.knownBy.length > 0);
    const explanation = explainLogout(name, this.#loggedOut!, left, demo.fleet.mode);
    this.#logout = { name, explanation };
    this.#say(`${explanation.headline}.`);
  }

  async #whoIsOut(demo: Demo): Promise<string> {
    if (this.#crowd.members.length === 0) return "";
    const { length } = await this.#crowd.check(demo.fleet.views());
    if (length > 0) {
      return `${length} session${length === 1 ? " was" : "s were"} lost: they were in memory that is gone.`;
    }
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
