import { readFileSync } from "node:fs";
import express, { type ErrorRequestHandler, type Express, type Response } from "express";
import { startDemo } from "../demo.ts";
import { listen } from "../listen.ts";
import type { DemoOptions } from "../options.ts";
import type { Undo } from "../undo.ts";
import { Director } from "./director.ts";
import { openBrowser } from "./open-browser.ts";
import type { Action } from "./scene.ts";

const files: Readonly<Record<string, string>> = {
  "/": "index.html",
  "/page.css": "page.css",
  "/page.js": "page.js",
  "/timeline.js": "timeline.js",
  "/people.js": "people.js",
  "/dom.js": "dom.js",
};

/** Start the demo with its page; resolves when the page can be used and its address is printed. */
export async function servePage(options: DemoOptions, undo: Undo): Promise<void> {
  const watchers = new Set<Response>();
  const director = new Director(() => {
    for (const watcher of watchers) sendScene(watcher, director);
  });
  const page = await listen(createApp(director, watchers), options.port, "port");
  undo.add(page.close);
  const url = `http://127.0.0.1:${page.port}/`;
  const demo = await startDemo(options, url, director.events, undo);
  undo.add(async () => director.close());
  await director.begin(demo);
  process.stdout.write(`Shared state: ${demo.stateDescription}\nOpen ${url}   (Ctrl-C stops everything)\n`);
  if (options.open) openBrowser(url);
}

function createApp(director: Director, watchers: Set<Response>): Express {
  const app = express();
  app.disable("x-powered-by");
  for (const [path, file] of Object.entries(files)) {
    const content = readFileSync(new URL(`client/${file}`, import.meta.url), "utf8");
    app.get(path, (_req, res) => void res.type(file).set("cache-control", "no-store").send(content));
  }
  app.get("/events", (_req, res) => {
    res.set({ "content-type": "text/event-stream", "cache-control": "no-store" }).flushHeaders();
    watchers.add(res);
    res.once("close", () => watchers.delete(res));
    sendScene(res, director);
  });
  // Cookies do not know ports (RFC 6265 section 8.5): a browser shows us those of the application at 127.0.0.1, too.
  app.get("/whoami", async (req, res) => {
    res.set("cache-control", "no-store").json(await director.whoAmI(req.headers.cookie ?? ""));
  });
  // A page of another site can neither send JSON nor set this Origin: it cannot kill instances behind one's back.
  app.post("/act", express.json(), async (req, res) => {
    const isOwnPage = req.headers.origin === `http://${req.headers.host}`;
    if (!isOwnPage) return void res.status(403).json({ error: "only the demo's own page may do this" });
    await director.act(req.body as Action);
    res.json({ error: null });
  });
  app.use(failed);
  return app;
}

function sendScene(watcher: Response, director: Director): void {
  watcher.write(`data: ${JSON.stringify(director.scene())}\n\n`);
}

const failed: ErrorRequestHandler = (error: Error, _req, res, _next) => {
  res.status(409).json({ error: error.message });
};
