// `npm run demo`: build the packages (nothing happens when they are up to date), then run the demo on them.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

const root = fileURLToPath(new URL("../../", import.meta.url));
// Without `paths`, so that the example uses the packages as npm would install them. Tests name the root's
// tsconfig.json here: then everything runs on the sources, and there is nothing to build.
const ownConfig = fileURLToPath(new URL("tsconfig.json", import.meta.url));
const usesBuild = process.env.TSX_TSCONFIG_PATH === undefined;
process.env.TSX_TSCONFIG_PATH ??= ownConfig;

if (usesBuild && !process.argv.includes("--help")) await build();
register({ tsconfig: process.env.TSX_TSCONFIG_PATH });
const { main } = await import("./src/main.ts");
await main(process.argv.slice(2));

/** stdout belongs to the demo (`--json`), so what turbo says goes to stderr. */
async function build() {
  process.stderr.write("Building the packages …\n");
  const args = ["turbo", "run", "build", "--filter=./packages/*", "--output-logs=errors-only"];
  const child = spawn("npx", ["--no-install", ...args], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" },
  });
  const code = await new Promise((resolve) => child.on("exit", resolve).on("error", () => resolve(1)));
  if (code === 0) return;
  process.stderr.write("The packages could not be built; what turbo said is above.\n");
  process.exit(1);
}
