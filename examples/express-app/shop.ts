import { setTimeout } from "node:timers/promises";
import { type Request, Router } from "express";

/** What the shop keeps of a visitor. */
interface Shop {
  user?: string;
  visits?: number;
  cart?: string;
  theme?: string;
  report?: string;
  destroy(callback: (error?: unknown) => void): unknown;
}

function sessionOf(request: Request): Shop {
  return (request as unknown as { session: Shop }).session;
}

/** What a database or another service takes. */
const work = (): Promise<void> => setTimeout(20);

/** The application itself, which is the same whoever keeps its sessions. */
export const shop: Router = Router();

shop.get("/", (request, response) => {
  const { user = "nobody", visits = 0, cart = "nothing", theme = "light" } = sessionOf(request);
  response.json({ user, visits, cart, theme });
});

shop.get("/login/:user", (request, response) => {
  sessionOf(request).user = request.params.user;
  response.send("logged in");
});

shop.get("/visit", async (request, response) => {
  const session = sessionOf(request);
  await work();
  session.visits = (session.visits ?? 0) + 1;
  response.send("counted");
});

shop.get("/cart/:item", async (request, response) => {
  await work();
  sessionOf(request).cart = request.params.item;
  response.send("in the cart");
});

shop.get("/theme/:theme", async (request, response) => {
  await work();
  sessionOf(request).theme = request.params.theme;
  response.send("changed");
});

shop.get("/report", async (request, response) => {
  const session = sessionOf(request);
  await work();
  await work();
  session.report = "ready";
  response.send("reported");
});

shop.get("/logout", (request, response, next) => {
  sessionOf(request).destroy((error) => (error ? next(error) : response.send("logged out")));
});
