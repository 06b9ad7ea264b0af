import { setTimeout } from "node:timers/promises";
import type { Middleware } from "koa";

/** What the shop keeps of a visitor. */
interface Shop {
  user?: string;
  visits?: number;
  cart?: string;
  theme?: string;
  report?: string;
}

interface Context {
  session: Shop | null;
  body: unknown;
}

/** What a database or another service takes. */
const work = (): Promise<void> => setTimeout(20);

type Page = (session: Shop, argument: string, ctx: Context) => unknown;

const pages: Readonly<Record<string, Page>> = {
  "": ({ user = "nobody", visits = 0, cart = "nothing", theme = "light" }) => ({ user, visits, cart, theme }),
  login: (session, user) => {
    session.user = user;
    return "logged in";
  },
  visit: async (session) => {
    await work();
    session.visits = (session.visits ?? 0) + 1;
    return "counted";
  },
  cart: async (session, item) => {
    await work();
    session.cart = item;
    return "in the cart";
  },
  theme: async (session, theme) => {
    await work();
    session.theme = theme;
    return "changed";
  },
  report: async (session) => {
    await work();
    await work();
    session.report = "ready";
    return "reported";
  },
  logout: (_session, _argument, ctx) => {
    ctx.session = null;
    return "logged out";
  },
};

/** The application itself, which is the same whoever keeps its sessions. */
export const shop: Middleware = async (ctx) => {
  const [, name = "", argument = ""] = ctx.path.split("/");
  const context = ctx as unknown as Context;
  const page = pages[name];
  if (page !== undefined) context.body = await page(context.session ?? {}, argument, context);
};
