/** One request as the pages see it, whatever framework and whoever keeps the session. */
export interface Visit {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Reading it is what makes a session be looked up where that is lazy. */
  session(): Record<string, unknown>;
  destroy(): Promise<void>;
  /** A new id. The session's attributes may be gone. */
  regenerate(): Promise<void>;
  /** Make it the user's session, where that is told to it. */
  login(user: string): Promise<void>;
  setMaxAge(ms: number): void;
}

type Page = (visit: Visit) => string | Promise<string>;

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
  "/write": async ({ query, session }) => {
    const before = session();
    await new Promise((resolve) => setTimeout(resolve, Number(query.get("ms"))));
    before.late = query.get("ms");
    return "written";
  },
  "/logout": async ({ destroy }) => {
    await destroy();
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

export async function answer(visit: Visit): Promise<string> {
  const page = pages[visit.path];
  if (page === undefined) throw new Error(`no page ${visit.path}`);
  return page(visit);
}
