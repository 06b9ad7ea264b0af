import { ServerResponse } from "node:http";
import { type Gated, keeperOf } from "./gates.ts";

/** The methods that change the head of a response. `writeHead` asks the guard through the hold itself. */
export type Changer = "setHeader" | "appendHeader" | "removeHeader" | "writeHead";

const changers = ["setHeader", "appendHeader", "removeHeader"] as const satisfies readonly Changer[];
const states = ["headersSent", "writableEnded"] as const;

/** Who is asked before the head of a response is changed or asked about. */
export interface Guard {
  change(name: Changer, args: unknown[]): unknown;
  readonly headersSent: boolean;
  /** `undefined`: what Node says. */
  readonly writableEnded: boolean | undefined;
}

const guarding: unique symbol = Symbol("unstick.guard");
/** Where a response has no gatekeeper, it bears its guard itself. */
type Guarded = Gated & { [guarding]?: Guard | undefined };

/** Whoever changes the head of this response, or asks about it, asks the guard from here on; `undefined`: nobody. */
export function setGuard(response: Guarded, guard: Guard | undefined): void {
  if (guard !== undefined) guardHead(response);
  const gatekeeper = keeperOf(response);
  if (gatekeeper === undefined) response[guarding] = guard;
  else gatekeeper.guard = guard;
}

function guardOf(response: Guarded): Guard | undefined {
  return keeperOf(response)?.guard ?? response[guarding];
}

const guarded = new WeakSet<object>();

/**
 * On the prototype of Express's responses, once, else on the response itself, where it stays.
 * The functions are the same for all responses: an accessor of its own would be kept in the shape of the object,
 * and with it the whole request until a full collection.
 */
function guardHead(response: Guarded): void {
  const place = hostOf(Object.getPrototypeOf(response) as object) ?? response;
  if (guarded.has(place)) return;
  guarded.add(place);
  const above = Object.getPrototypeOf(place) as object;
  for (const name of changers) {
    const value = changerOver(name, place[name] as Method);
    Object.defineProperty(place, name, { value, configurable: true, writable: true });
  }
  for (const name of states) Object.defineProperty(place, name, stateOver(name, above));
}

type Method = (...args: unknown[]) => unknown;

/** Original → what stands before it. */
const changersMade = new WeakMap<Method, Method>();

function changerOver(name: (typeof changers)[number], original: Method): Method {
  let made = changersMade.get(original);
  made ??= function (this: Guarded, ...args: unknown[]): unknown {
    const guard = guardOf(this);
    return guard === undefined ? Reflect.apply(original, this, args) : guard.change(name, args);
  };
  changersMade.set(original, made);
  return made;
}

/** Prototype → accessors over its own. */
const statesMade = new WeakMap<object, Map<string, PropertyDescriptor>>();

function stateOver(name: (typeof states)[number], above: object): PropertyDescriptor {
  const ofPrototype = statesMade.get(above) ?? new Map<string, PropertyDescriptor>();
  statesMade.set(above, ofPrototype);
  const made = ofPrototype.get(name) ?? {
    configurable: true,
    get(this: Guarded): unknown {
      return guardOf(this)?.[name] ?? Reflect.get(above, name, this);
    },
  };
  ofPrototype.set(name, made);
  return made;
}

/** The framework's object right above Node's prototype: all its responses inherit from it. */
function hostOf(prototype: object): ServerResponse | undefined {
  let at: object | null = prototype;
  while (at !== null) {
    const parent: unknown = Object.getPrototypeOf(at);
    if (parent === ServerResponse.prototype) return at as ServerResponse;
    at = parent as object | null;
  }
  return undefined;
}
