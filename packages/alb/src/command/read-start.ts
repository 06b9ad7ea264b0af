import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { assumptionValues } from "../assumptions.ts";
import { AlbError } from "../errors.ts";
import type { AlbOptions, StickinessOptions, TargetGroupOptions } from "../options.ts";
import { type Flag, startFlags } from "./flags.ts";
import { readNumber, readSeconds, refuseFlag } from "./values.ts";

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** The flags as `parseArgs` wants to know them; it refuses any other. */
export function parseFlags(
  args: readonly string[],
  flags: readonly Flag[],
  allowPositionals: boolean,
): { readonly values: Values; readonly positionals: readonly string[] } {
  const options = Object.fromEntries(
    flags.map(({ name, value, isMultiple = false }) => {
      const type = value === undefined ? ("boolean" as const) : ("string" as const);
      return [name, { type, multiple: isMultiple }];
    }),
  );
  return parseArgs({ args: [...args], options, strict: true, allowPositionals });
}

/** The command line as options of `startAlb`. What is given twice is taken once: the last. */
export function readStart(args: readonly string[]): AlbOptions {
  const { values } = parseFlags(args, startFlags, false);
  const filled: Record<string, unknown> = {};
  for (const flag of startFlags) {
    const value = values[flag.name];
    if (value !== undefined && flag.option !== undefined)
      place(filled, flag.option, readValue(flag, value, values));
  }
  if (filled.targets === undefined && filled.targetGroups === undefined) {
    throw new AlbError(
      "ERR_UNSTICK_ALB_OPTION",
      "--target is missing; name at least one, like --target http://127.0.0.1:3001",
    );
  }
  return { ...filled, ...defaultType(filled.stickiness) };
}

/** A cookie name alone says what is wanted. */
function defaultType(stickiness: unknown): Pick<AlbOptions, "stickiness"> {
  if (stickiness === undefined) return {};
  const given = stickiness as Partial<StickinessOptions>;
  return { stickiness: { type: given.cookieName === undefined ? "none" : "app_cookie", ...given } };
}

/** Put a value at `healthCheck.path`. */
function place(into: Record<string, unknown>, option: string, value: unknown): void {
  const [outer = "", inner] = option.split(".");
  into[outer] = inner === undefined ? value : { ...(into[outer] as object | undefined), [inner]: value };
}

function readValue(flag: Flag, value: NonNullable<Values[string]>, all: Values): unknown {
  const text = String(value);
  if (flag.value === undefined) return value;
  if (flag.value === "TIME") return readSeconds(flag.name, text);
  if (flag.value === "N") return readNumber(flag.name, text);
  const lines = Array.isArray(value) ? value.map(String) : [text];
  if (flag.name === "group") return lines.map(readGroup);
  if (flag.name === "assume") return Object.fromEntries(lines.map(readAssumption));
  if (flag.option === "tls") return readTls(all);
  if (flag.name === "status-path") return text === "off" ? false : text;
  return flag.isMultiple ? lines : text;
}

function readGroup(text: string): TargetGroupOptions {
  const [, name, weight = "1", targets] = /^([^:=]+)(?::(\d+))?=(.+)$/.exec(text) ?? [];
  if (name === undefined || targets === undefined)
    refuseFlag("group", text, "like blue:90=http://127.0.0.1:3001");
  return { name, weight: Number(weight), targets: targets.split(",") };
}

function readAssumption(text: string): [string, string | boolean] {
  const [name = "", value = ""] = text.split("=");
  if (!Object.hasOwn(assumptionValues, name)) {
    refuseFlag("assume", text, `NAME=VALUE with one of ${Object.keys(assumptionValues).join(", ")}`);
  }
  return [name, value === "true" || value === "false" ? value === "true" : value];
}

function readTls(values: Values): { readonly key: string; readonly cert: string } {
  return { key: readPem("tls-key", values["tls-key"]), cert: readPem("tls-cert", values["tls-cert"]) };
}

function readPem(flag: string, file: Values[string]): string {
  if (typeof file !== "string") {
    throw new AlbError(
      "ERR_UNSTICK_ALB_OPTION",
      `--${flag} is missing; an HTTPS listener needs a key and a certificate`,
    );
  }
  try {
    return readFileSync(file, "utf8");
  } catch {
    return refuseFlag(flag, file, "a file that can be read");
  }
}
