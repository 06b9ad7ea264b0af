import { fileURLToPath } from "node:url";

// What takes the place of the peers themselves, when their tests judge our middleware and not our stores.

const expressModule = new URL("../packages/session/src/express/index.ts", import.meta.url);
const koaModule = new URL("../packages/session/src/koa/index.ts", import.meta.url);

/**
 * express-session's `index.js`: our session(), on the peer's own stores, which its tests watch and break. Its
 * defaults for `resave` and `saveUninitialized` are written out, since ours are those of its version 2; a test
 * of a default therefore proves only that the option does what it says.
 */
export const expressIndex: string = `
const { Session, session: make } = require(${JSON.stringify(fileURLToPath(expressModule))});
const Cookie = require("./session/cookie");
const MemoryStore = require("./session/memory");
const Store = require("./session/store");
// Version 2 is told by its own tests: its branch still says 1.x.
const tests = require("fs").readFileSync(require("path").join(__dirname, "test/session.js"), "utf8");
const resave = !tests.includes("should reject without secret");

module.exports = function session (options) {
  const given = Object.fromEntries(Object.entries(options || {}).filter(([, value]) => value !== undefined));
  return make({ resave, saveUninitialized: true, store: new MemoryStore(), ...given });
};
Object.assign(module.exports, { Cookie, MemoryStore, Session, Store });
`;

/** koa-session's `src/index.ts`. */
export const koaIndex: string = `// @ts-nocheck
import { session } from ${JSON.stringify(koaModule.href)};
export type CreateSessionOptions = any;
export const createSession: any = session;
export default createSession;
`;

/**
 * Tests that fail on purpose, each with its reason in docs/differences.md. A test that is not here must pass,
 * and one that is here must fail.
 */
export const differences: readonly string[] = [
  "session() should error without secret",
  "session() should get secret from req.secret",
  'session() cookie option when "sameSite" set to "auto" combined with secure auto when "secure" is "false" should set SameSite=None without Secure when secure',
  "session() resave option when false should pass session touch error",
  "session() saveUninitialized option should pass session save error",
  "session() unset option should pass session destroy error",
  "session() req.session .cookie .* should forward errors setting cookie",
  'session() req.session .cookie .partitioned when "true" should set partitioned attribute',
  "session() cookieParser() should read from req.cookies",
  "session() cookieParser() should read from req.signedCookies",
  "Koa Session External Key when the external key set/get is invalid should throw a error",
];
