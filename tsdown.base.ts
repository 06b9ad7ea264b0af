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
    // Else rolldown's own interop functions land in one of the entries and are exported from there.
    outputOptions: { codeSplitting: { groups: [{ name: "runtime", test: /rolldown\/runtime/ }] } },
    // Documentation is read in the declarations; in the code it would be a fifth of the tarball.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: false } },
    sourcemap: false,
    // tsdown warns that it would rather not build CommonJS, and under CI a warning would fail the build. What is
    // wrong with a package is for publint and attw to say, and they fail by themselves.
    failOnWarn: false,
    publint: { strict: true },
    attw: { profile: "node16", level: "error" },
  };
}
