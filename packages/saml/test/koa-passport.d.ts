/** What our tests call of koa-passport 6, which has no types of its own. */
declare module "koa-passport" {
  type Done = (error: null, user: string) => void;
  export class KoaPassport {
    serializeUser(serialize: (user: string, done: Done) => void): void;
    deserializeUser(deserialize: (user: string, done: Done) => void): void;
    initialize(): import("koa").Middleware;
    session(): import("koa").Middleware;
  }
}
