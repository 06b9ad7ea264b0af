import { dirname, normalize } from "node:path/posix";
import type { Import } from "./imports.ts";

/** Who may import whom. A package that is not named here may import nothing of ours. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  affinity: [],
  session: [],
  redis: ["session"],
  lmdb: ["session"],
  saml: ["session"],
  alb: ["affinity"],
};

/** What the tests of a package may use besides: the real states that they prove it on. */
const allowedInTests: Readonly<Record<string, readonly string[]>> = {
  saml: ["lmdb", "redis"],
};

const frameworks: ReadonlySet<string> = new Set([
  "express",
  "express-session",
  "connect",
  "koa",
  "koa-session",
  "koa-generic-session",
  "@types/koa",
  "fastify",
  "passport",
]);

/** Handed in by the application; we may know their types, never load them. */
const redisClients: ReadonlySet<string> = new Set([
  "redis",
  "@redis/client",
  "ioredis",
  "iovalkey",
  "@valkey/valkey-glide",
]);

/** Small, well-kept, declared by the package that uses them. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  affinity: ["cookie-signature"],
  session: ["@opentelemetry/api"],
  redis: [],
  lmdb: ["lmdb"],
  saml: [],
  alb: [],
};

/** The rules that one import of a file breaks, each as a sentence. */
export function checkImport(path: string, { specifier, isAtRunTime }: Import): readonly string[] {
  const rule = path.startsWith("packages/") ? checkInPackage : checkOutside;
  return rule(path, specifier, isAtRunTime).map((reason) => `${path} imports ${specifier}: ${reason}`);
}

/** Examples, tests of the whole and benches use what users can use; scripts and testbed are of no package. */
function checkOutside(path: string, specifier: string): string[] {
  const target = specifier.startsWith(".") ? normalize(`${dirname(path)}/${specifier}`) : specifier;
  if (!target.startsWith("packages/")) return [];
  return ["outside a package only published names are imported"];
}

function checkInPackage(path: string, specifier: string, isAtRunTime: boolean): string[] {
  const [, own = "", area = ""] = path.split("/");
  if (specifier.startsWith(".")) return checkRelative(path, own, specifier);
  if (specifier.startsWith("node:")) return [];
  const name = packageName(specifier);
  if (name.startsWith("@unstick/")) return checkOurs(own, area, name.slice("@unstick/".length));
  return area === "src" ? checkForeign(path, own, name, isAtRunTime) : [];
}

function checkRelative(path: string, own: string, specifier: string): string[] {
  const target = normalize(`${dirname(path)}/${specifier}`);
  if (target.startsWith(`packages/${own}/`) || target === "tsdown.base.ts") return [];
  return ["a relative import stays inside its package"];
}

function checkOurs(own: string, area: string, name: string): string[] {
  if (name === own) return area === "src" ? ["a package does not import itself by name"] : [];
  if (name === "testbed" && area === "test") return [];
  if (allowed[own]?.includes(name)) return [];
  if (area === "test" && allowedInTests[own]?.includes(name)) return [];
  return [`${own} may import ${allowed[own]?.join(", ") || "nothing"} of ours`];
}

function checkForeign(path: string, own: string, name: string, isAtRunTime: boolean): string[] {
  const folder = path.split("/")[3] ?? "";
  if (redisClients.has(name)) return isAtRunTime ? ["a Redis client is handed in, never loaded"] : [];
  if (frameworks.has(name)) {
    return ["express", "koa"].includes(folder) ? [] : ["only express/ and koa/ know a framework"];
  }
  if (!isAtRunTime || libraries[own]?.includes(name)) return [];
  return [`not a node: module and not on the list of ${own}'s libraries`];
}

/** `@scope/name/sub` and `name/sub` without the subpath. */
function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
