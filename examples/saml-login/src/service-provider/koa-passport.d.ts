/** koa-passport has no types of its own. */
declare module "koa-passport" {
  import type { Middleware } from "koa";
  import type { Strategy } from "passport";

  export class KoaPassport {
    use(name: string, strategy: Strategy): this;
    serializeUser(
      serialize: (user: Express.User, done: (error: unknown, stored?: unknown) => void) => void,
    ): void;
    deserializeUser<Stored>(
      restore: (stored: Stored, done: (error: unknown, user?: Express.User) => void) => void,
    ): void;
    initialize(): Middleware;
    session(): Middleware;
    authenticate(strategy: string): Middleware;
  }
}
