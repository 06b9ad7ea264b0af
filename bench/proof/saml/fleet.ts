import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { compileProgram } from "@unstick/testbed/compile-program";
import type { Call, InstanceOrder, Reply } from "./messages.ts";

const program = compileProgram(new URL("instance.ts", import.meta.url));

/** One process. What it does not live to answer counts as refused; one that ends unasked ends the proof. */
export class Instance {
  readonly #order: InstanceOrder;
  #process: ChildProcess;
  #isMeantToEnd = false;
  #waiting = new Map<number, (reply: Reply) => void>();
  #number = 0;

  constructor(order: InstanceOrder) {
    this.#order = order;
    this.#process = this.#start();
  }

  call(call: Call): Promise<Reply> {
    this.#number += 1;
    const number = this.#number;
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      this.#process.send({ number, call }, (error) => {
        if (error) this.#settle({ number, text: "not sent", isYes: false });
      });
    });
  }

  /** SIGKILL, in the middle of whatever it does, and a new process in its place. */
  async killAndRestart(): Promise<void> {
    const old = this.#process;
    this.#isMeantToEnd = true;
    old.kill("SIGKILL");
    await once(old, "exit");
    this.#isMeantToEnd = false;
    for (const number of this.#waiting.keys()) this.#settle({ number, text: "killed", isYes: false });
    this.#process = this.#start();
  }

  async close(): Promise<void> {
    this.#isMeantToEnd = true;
    this.#process.disconnect();
    await once(this.#process, "exit");
  }

  #start(): ChildProcess {
    const child = fork(program, [JSON.stringify(this.#order)], { execArgv: [] });
    child.on("message", (reply: Reply) => this.#settle(reply));
    child.on("exit", (code) => {
      // Thrown from an event, so that nothing catches it: a fleet that is not whole measures nothing.
      if (!this.#isMeantToEnd) throw new Error(`an instance ended by itself, with ${code}`);
    });
    return child;
  }

  #settle(reply: Reply): void {
    this.#waiting.get(reply.number)?.(reply);
    this.#waiting.delete(reply.number);
  }
}

/** Three processes, asked in turn. */
export class Fleet {
  readonly instances: readonly Instance[];
  #turn = 0;

  constructor(order: InstanceOrder) {
    this.instances = [0, 1, 2].map(() => new Instance(order));
  }

  next(): Instance {
    this.#turn += 1;
    return this.instances[this.#turn % this.instances.length]!;
  }

  /** So many presentations of one answer at once, over all instances; how many were accepted. */
  async presentAtOnce(answer: string, times: number): Promise<number> {
    const call: Call = { verb: "present", answer };
    const replies = await Promise.all(Array.from({ length: times }, () => this.next().call(call)));
    return replies.filter(({ isYes }) => isYes).length;
  }

  async close(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.close()));
  }
}
