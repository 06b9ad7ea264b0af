import { park } from "./parking.ts";

/** One request as the pages see it, whatever framework and whoever keeps the session. */
export interface Visit {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Reading it is what makes a session be looked up where that is lazy. */
  session(): Record<string, unknown>;
  save(): Promise<void>;
  destroy(): Promise<void>;
  /** As {@link destroy}, by the way that our middlewares have for it. */
  logout(): Promise<void>;
  /** A new id. The session's attributes may be gone. */
  regenerate(): Promise<void>;
  /** Make it the user's session, where that is told to it. */
  login(user: string): Promise<void>;
  /** The same under a new id: our middlewares' `login()`, and what the peers' applications do for it. */
  enter(user: string): Promise<void>;
  setMaxAge(ms: number): void;
  /** Tell the client, before any answer, that its session was read (102 Processing). */
  tellBegun(): void;
}

/** The text of a 200, or where a 302 leads. */
export type Answer = string | { readonly location: string };
type Page = (visit: Visit) => Answer | Promise<Answer>;

/** The application of every proof. */
const pages: Readonly<Record<string, Page>> = {
  "/": () => "anybody",
  "/login": async ({ query, session, login, setMaxAge }) => {
    const user = query.get("user") ?? "ada";
    session().user = user;
    await login(user);
    if (query.has("maxAge")) setMaxAge(Number(query.get("maxAge")));
    return "in";
  },
  "/begin": ({ session }) => {
    session().user = "ada";
    return { location: "/me" };
  },
  "/plant": ({ session }) => {
    session().cart = "planted";
    return "planted";
  },
  "/enter": async ({ query, session, enter }) => {
    const user = query.get("user") ?? "ada";
    await enter(user);
    session().user = user;
    return "in";
  },
  "/renew": async ({ query, session, regenerate }) => {
    await regenerate();
    session().user = query.get("user") ?? "ada";
    return "renewed";
  },
  "/count": ({ session }) => {
    session().count = Number(session().count ?? 0) + 1;
    return "counted";
  },
  "/total": ({ session }) => String(session().count ?? 0),
  "/set": ({ query, session }) => {
    session()[query.get("name") ?? ""] = 1;
    return "set";
  },
  "/names": ({ session }) => Object.keys(session()).join(" "),
  "/put": ({ query, session }) => {
    session().value = query.get("value");
    return "put";
  },
  "/value": ({ session }) => String(session().value),
  "/write": async ({ query, session }) => {
    const before = session();
    await new Promise((resolve) => setTimeout(resolve, Number(query.get("ms"))));
    before.late = query.get("ms");
    return "written";
  },
  "/park": async (visit) => {
    const before = visit.session();
    const released = park(visit.query.get("id") ?? "");
    visit.tellBegun();
    await released;
    return (await afterwards[visit.query.get("then") ?? ""]?.(visit, before)) ?? "went on";
  },
  "/logout": async ({ destroy }) => {
    await destroy();
    return "out";
  },
  "/leave": async ({ logout }) => {
    await logout();
    return "out";
  },
  "/regenerate": async ({ session, regenerate }) => {
    const user = session().user;
    await regenerate();
    session().user = user;
    return "renewed";
  },
  "/me": ({ session }) => String(session().user ?? "nobody"),
};

/** What a request does that was parked with a session in its hands. */
const afterwards: Readonly<
  Record<string, (visit: Visit, session: Record<string, unknown>) => Answer | void | Promise<void>>
> = {
  read: () => undefined,
  write: (_visit, session) => {
    session.late = "written";
  },
  save: async ({ save }, session) => {
    session.late = "saved";
    await save();
  },
  redirect: (_visit, session) => {
    session.late = "moved";
    return { location: "/me" };
  },
  regenerate: ({ regenerate }) => regenerate(),
  enter: ({ enter }) => enter("ada"),
};

export async function answer(visit: Visit): Promise<Answer> {
  const page = pages[visit.path];
  if (page === undefined) throw new Error(`no page ${visit.path}`);
  return page(visit);
}
