import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { findObstacles, type ReleaseState } from "./release-plan.ts";

// `npm run release` says what would be published and what stands against it; `npm run release -- --publish` publishes.

const shouldPublish = process.argv.includes("--publish");
const state = readState();
const obstacles = findObstacles(state);
for (const { name, version } of state.packages) console.log(`${name}@${version}`);
for (const obstacle of obstacles) console.log(`not yet: ${obstacle}`);

if (!shouldPublish) console.log("Dry run: nothing was published.");
else if (obstacles.length > 0) process.exitCode = 1;
else execFileSync("npx", ["--no-install", "changeset", "publish"], { stdio: "inherit" });

function readState(): ReleaseState {
  const folders = readdirSync("packages").map((folder) => `packages/${folder}`);
  const changesets = readdirSync(".changeset").filter((file) => file.endsWith(".md") && file !== "README.md");
  return {
    packages: folders.map(readPackage),
    pendingChangesets: changesets,
    isTreeClean: execFileSync("git", ["status", "--porcelain"], { encoding: "utf8" }) === "",
    hasIdentity: Boolean(process.env.ACTIONS_ID_TOKEN_REQUEST_URL),
  };
}

function readPackage(folder: string): ReleaseState["packages"][number] {
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as {
    name: string;
    version: string;
    publishConfig?: { provenance?: boolean };
  };
  const changelog = `${folder}/CHANGELOG.md`;
  return {
    name: manifest.name,
    version: manifest.version,
    hasProvenance: manifest.publishConfig?.provenance === true,
    changelog: existsSync(changelog) ? readFileSync(changelog, "utf8") : "",
  };
}
