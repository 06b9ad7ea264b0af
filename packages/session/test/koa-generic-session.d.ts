/** It has no types of its own. */
declare module "koa-generic-session" {
  import type { Middleware } from "koa";
  export default function session(options: object): Middleware;
}
