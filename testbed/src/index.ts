export {
  type BrowserClient,
  type BrowserClientOptions,
  createBrowserClient,
  type Page,
  type VisitOptions,
} from "./browser-client.ts";
export { startChromium } from "./chromium.ts";
export { type HtmlForm, readForm } from "./html-form.ts";
export { launch, type RunningProgram } from "./launch.ts";
export { freePort, waitUntil } from "./ports.ts";
export {
  ensurePrograms,
  findProgram,
  type Program,
  programs,
  requireProgram,
} from "./programs.ts";
export { type RedisServer, startRedis } from "./redis-server.ts";
export { siteOf } from "./same-site.ts";
