import { setTimeout as pause } from "node:timers/promises";

/** What the pages keep of a visitor; notes are taken by requests that overlap. */
export interface Attributes {
  user?: string;
  count?: number;
  [note: `note-${string}`]: string | undefined;
}

/** One request as the pages see it, whatever framework it came through. */
export interface Visit {
  readonly query: URLSearchParams;
  readonly session: Attributes;
  end(): Promise<void>;
}

type Page = (visit: Visit) => string | Promise<string>;

/** Long enough that two requests of one visitor overlap on two instances. */
const WORK_MS = 3;

const pages: Readonly<Record<string, Page>> = {
  "/login": ({ session, query }) => {
    session.user = query.get("user") ?? "";
    return "in";
  },
  "/count": ({ session }) => {
    session.count = (session.count ?? 0) + 1;
    return String(session.count);
  },
  "/note": async ({ session, query }) => {
    await pause(WORK_MS);
    session[`note-${query.get("name")}`] = query.get("value") ?? "";
    return "noted";
  },
  "/show": ({ session }) =>
    JSON.stringify(session, (name, value: unknown) => (name === "cookie" ? undefined : value)),
  "/logout": async ({ end }) => {
    await end();
    return "out";
  },
};

/** The application of a rolling move; `/` is for the balancer's health check and touches no session. */
export async function answer(path: string, open: () => Visit): Promise<string> {
  if (path === "/") return "healthy";
  const page = pages[path];
  if (page === undefined) throw new Error(`no page ${path}`);
  return page(open());
}
