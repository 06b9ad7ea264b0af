import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { installPackages, type Machine } from "../src/machine.ts";
import { ensurePrograms, findProgram, type Program } from "../src/programs.ts";

const run = promisify(execFile);
const server: Program = {
  names: ["no-such-server", "no-such-twin"],
  debianPackage: "no-such-server-package",
  image: "no-such-image:1",
};
const browser: Program = { names: ["no-such-browser"], debianPackage: "no-such-browser-package" };

let folder: string;
let said: string[];
let asked: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unstick-programs-"));
  for (const name of ["path", "servers", "apt"]) mkdirSync(join(folder, name));
  said = [];
  asked = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A machine that has nothing, at first. */
function machine(overrides: Partial<Machine> = {}): Machine {
  const aptGet = writeScript("apt/apt-get", "true");
  return {
    path: join(folder, "path"),
    serverFolders: [join(folder, "servers")],
    isRoot: true,
    aptGet,
    install: async () => void asked.push("install"),
    hasDockerEngine: async () => {
      asked.push("docker");
      return false;
    },
    say: (sentence) => said.push(sentence),
    ...overrides,
  };
}

function writeScript(path: string, body: string): string {
  const file = join(folder, path);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

test("what is on the PATH is used as it is: nothing is asked, said or installed", async () => {
  writeScript("path/no-such-server", "true");
  writeScript("path/no-such-browser", "true");
  await ensurePrograms([server, browser], machine());
  expect([said, asked]).toEqual([[], []]);
});

test("the second name counts, and so do the folders of servers; a file that cannot run does not", () => {
  const twin = writeScript("servers/no-such-twin", "true");
  writeFileSync(join(folder, "path/no-such-server"), "", { mode: 0o644 });
  expect(findProgram(server, machine())).toBe(twin);
});

test("where a Docker engine answers it runs what has an image, and says so", async () => {
  const withDocker = machine({ hasDockerEngine: async () => true, isRoot: false });
  await ensurePrograms([server], withDocker);
  expect(said).toEqual(["no-such-server is not on this machine: Testcontainers runs no-such-image:1"]);
  await expect(ensurePrograms([browser], withDocker)).rejects.toThrow("no-such-browser-package");
});

test("as root on Debian all missing packages are installed in one go, after saying so", async () => {
  const log = join(folder, "log");
  const aptGet = writeScript(
    "apt/apt-get-that-installs",
    `echo "$DEBIAN_FRONTEND $RUNLEVEL $*" >> ${log}
     case "$1" in install)
       for name in no-such-server no-such-browser; do cp "$0" ${folder}/path/$name; done
     esac`,
  );
  const install: Machine["install"] = (packages) => {
    expect(said).toHaveLength(1);
    return installPackages(aptGet, packages);
  };
  await ensurePrograms([server, browser], machine({ aptGet, install }));
  expect(said[0]).toContain("no-such-server-package, no-such-browser-package");
  const [update, installed] = readFileSync(log, "utf8").trim().split("\n");
  expect(update).toMatch(/^noninteractive 1 update /);
  expect(installed).toMatch(/^noninteractive 1 install -y .*no-such-server-package no-such-browser-package$/);
});

test("when apt-get fails, the error has its last words and what to do", async () => {
  const aptGet = writeScript("apt/apt-get", 'echo "E: Unable to locate package" >&2; exit 100');
  await expect(installPackages(aptGet, ["no-such-server-package"])).rejects.toThrow(
    "apt-get update failed, install no-such-server-package by hand:\nE: Unable to locate package",
  );
});

test("a package that lacks its program is an error, not a later surprise", async () => {
  await expect(ensurePrograms([server], machine())).rejects.toThrow("Not on the PATH: no-such-server");
  expect(asked).toEqual(["docker", "install"]);
});

test.each([
  ["not root", { isRoot: false }],
  ["not Debian", { aptGet: "/no/apt-get" }],
])("%s: one sentence says everything that is to be installed", async (_name, overrides) => {
  await expect(ensurePrograms([server, browser], machine(overrides))).rejects.toThrow(
    "Not on the PATH: no-such-server or no-such-twin, no-such-browser. Install it, or run this as root on Debian " +
      "(apt-get install no-such-server-package no-such-browser-package). For Redis a running Docker engine will do, too.",
  );
  expect(asked).toEqual(["docker"]);
});

test("a real process without root, PATH or engine ends with that sentence", async () => {
  const child = fileURLToPath(new URL("fixtures/ensure-as-nobody.ts", import.meta.url));
  const env = { PATH: "", DOCKER_HOST: "tcp://127.0.0.1:1" };
  const failure = await run(process.execPath, ["--import", "tsx", child], { env }).catch((error) => error);
  expect(failure.stdout).toBe("");
  expect(failure.stderr).toBe(
    "Not on the PATH: no-such-server. Install it, or run this as root on Debian (apt-get install no-such-server). " +
      "For Redis a running Docker engine will do, too.\n",
  );
  expect(failure.code).toBe(1);
});
