import { randomBytes } from "node:crypto";

/** Which methods of a store did what their contract says. */
export interface MethodReport {
  readonly name: string;
  readonly methods: number;
  /** `method: what happened instead`. */
  readonly failed: readonly string[];
}

type Method = (...given: never[]) => unknown;
type Call = (method: string, ...given: unknown[]) => Promise<unknown>;
type Check = readonly [
  method: string,
  use: () => Promise<unknown>,
  isRight: (answer: unknown) => Promise<boolean>,
];

/** The methods of a Store of express-session, called with promises; `count` sessions are in it meanwhile. */
export function checkExpressStore(name: string, store: object, count: number): Promise<MethodReport> {
  const call = callerOf(store);
  const session = { cookie: { originalMaxAge: null, path: "/", httpOnly: true }, user: "ada" };
  const ids = newIds(count);
  const common = commonChecks(call, ids, (id) => call("set", id, session));
  const own: Check[] = [
    ["touch", () => call("touch", ids[0], session), async () => isThere(call, ids[0])],
    ["length", () => call("length"), async (length) => length === count],
    ["all", () => call("all"), async (all) => (all as unknown[]).length === count],
  ];
  return report(name, [...common.slice(0, 3), ...own, ...common.slice(3)]);
}

/** The methods of a store of koa-session, and those that ours has beside them. */
export function checkKoaStore(name: string, store: object, count: number): Promise<MethodReport> {
  const call = callerOf(store);
  return report(
    name,
    commonChecks(call, newIds(count), (id) => call("set", id, { user: "ada" }, 60_000)),
  );
}

function commonChecks(call: Call, ids: readonly string[], set: (id: string) => Promise<unknown>): Check[] {
  const areThere = (): Promise<boolean[]> => Promise.all(ids.map((id) => isThere(call, id)));
  const [first] = ids;
  return [
    ["set", () => Promise.all(ids.map(set)), async () => true],
    ["get", areThere, async (found) => (found as boolean[]).every(Boolean)],
    ["ids", () => call("ids"), async (listed) => new Set(listed as string[]).size === ids.length],
    ["destroy", () => call("destroy", first), async () => !(await isThere(call, first))],
    ["clear", () => call("clear"), async () => !(await areThere()).some(Boolean)],
  ];
}

async function isThere(call: Call, id: string | undefined): Promise<boolean> {
  return ((await call("get", id)) ?? null) !== null;
}

async function report(name: string, checks: readonly Check[]): Promise<MethodReport> {
  const failed: string[] = [];
  for (const [method, use, isRight] of checks) {
    const fault = await use()
      .then(isRight)
      .then(
        (held) => (held ? undefined : "wrong result"),
        (error: unknown) => (error as Error).message,
      );
    if (fault !== undefined) failed.push(`${method}: ${fault}`);
  }
  return { name, methods: checks.length, failed };
}

function callerOf(store: object): Call {
  const methods = store as Readonly<Record<string, Method>>;
  return async (method, ...given) => methods[method]?.(...(given as never[]));
}

function newIds(count: number): readonly string[] {
  return Array.from({ length: count }, () => randomBytes(24).toString("base64url"));
}
