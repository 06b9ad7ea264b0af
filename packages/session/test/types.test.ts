import type { IncomingMessage, ServerResponse } from "node:http";
import { memoryBackend } from "@unstick/session";
import { type Session, session } from "@unstick/session/express";
import { session as koaSession, type SessionContext } from "@unstick/session/koa";
import express, { type RequestHandler } from "express";
import Koa from "koa";
import { describe, expect, expectTypeOf, it } from "vitest";

/** As applications have it today: `@types/express-session` gives `req.session` its type. */
declare module "express-session" {
  interface SessionData {
    basketOfTypesTest?: readonly string[];
  }
}

interface Visitor {
  user: { id: string };
  visits: number;
}

/** Checked by the compiler (`npm run typecheck`); running it shows that nothing of it throws. */
describe("types, without a cast", () => {
  const visits = session<Visitor>({ backend: memoryBackend(), secret: "x" });

  it("session() is given to app.use and router.use, as a handler and an error handler", () => {
    const app = express();
    app.use(visits);
    app.use("/shop", visits, (_req, _res, next) => next());
    express.Router().use(visits).use(visits.onError);
    app.use(visits.onError);
    expectTypeOf(visits).toExtend<RequestHandler>();
    expectTypeOf(visits).toExtend<
      (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void
    >();
    expect(visits.onError).toHaveLength(4);
  });

  it("session<Data>() types the session of one router, through of()", () => {
    const router = express.Router();
    router.get("/", (req, res) => {
      const held = visits.of(req);
      expectTypeOf(held.user).toEqualTypeOf<{ id: string } | undefined>();
      expectTypeOf(held.visits).toEqualTypeOf<number | undefined>();
      expectTypeOf(held.login).toBeFunction();
      expectTypeOf(held).toExtend<Session>();
      expectTypeOf(held).not.toHaveProperty("unknown");
      res.end();
    });
  });

  it("req.session is what the application has augmented", () => {
    express().get("/", (req, res) => {
      expectTypeOf(req.session.basketOfTypesTest).toEqualTypeOf<readonly string[] | undefined>();
      expectTypeOf(req.session.cookie.maxAge).toExtend<number | null | undefined>();
      req.session.save((error) => expectTypeOf(error).toBeAny());
      res.end();
    });
  });

  it("ctx.session is typed by Koa's own parameter, and session() is given to app.use", () => {
    const app = new Koa<Koa.DefaultState, SessionContext<Visitor>>();
    app.keys = ["x"];
    app.use(koaSession({ backend: memoryBackend() }, app));
    app.use((ctx) => {
      expectTypeOf(ctx.session.user).toEqualTypeOf<{ id: string } | undefined>();
      expectTypeOf(ctx.session.regenerate).toBeFunction();
      expectTypeOf(ctx.session.visits).toEqualTypeOf<number | undefined>();
    });
    expect(app.middleware).toHaveLength(2);
  });
});
