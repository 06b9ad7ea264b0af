import { readFileSync } from "node:fs";

/** The user with the least rights of docs/redis.md. */
export const login = { username: "sessions", password: "secret" };

const documented = readFileSync(new URL("../../../docs/redis.md", import.meta.url), "utf8").replaceAll(
  "\\\n",
  " ",
);
const standalone = /^ACL SETUSER sessions (.+)$/m.exec(documented)?.[1]?.split(/\s+/) ?? [];

/** What docs/redis.md says to add for a cluster. */
export const clusterWords: readonly string[] =
  /For a cluster add `([^`]+)`/.exec(documented)?.[1]?.split(/\s+/) ?? [];

/** The rule word for word, but for its password and its key patterns: the suites take a prefix of their own for each case. */
export const rule: readonly string[] = standalone.map((word) => {
  if (word.startsWith("~")) return "~*";
  return word.startsWith(">") ? `>${login.password}` : word;
});
