import type { UserConfig } from "tsdown";

/**
 * One build for every published package: ESM and CommonJS with types. publint and attw run inside the
 * build, so a package whose exports are broken cannot be built.
 */
export function packageBuild(entry: Record<string, string>): UserConfig {
  return {
    entry,
    format: ["esm", "cjs"],
    platform: "node",
    target: "node20.19",
    dts: { oxc: true },
    fixedExtension: true,
    clean: true,
    sourcemap: false,
    publint: { strict: true },
    attw: { profile: "node16", level: "error" },
  };
}
