import { parseArgs } from "node:util";
import { DemoError } from "./errors.ts";
import type { Framework } from "./fleet/messages.ts";

export interface DemoOptions {
  readonly help: boolean;
  /** Play the logins and print the table instead of opening a page. */
  readonly headless: boolean;
  readonly json: boolean;
  readonly framework: Framework;
  /** Logins in each mode of a headless run. */
  readonly logins: number;
  readonly redis: string | undefined;
  /** Use LMDB also where a Redis is found. */
  readonly lmdb: boolean;
  /** Ports of the page, the balancer and the identity provider; 0 picks a free one. */
  readonly port: number;
  readonly albPort: number;
  readonly idpPort: number;
  readonly open: boolean;
}

export const usage = `npm run demo -- [options]

  --headless          play the logins without a page and print one table
  --json              with --headless: the figures as JSON on standard output
  --logins N          with --headless: logins in each mode, 10 to 10000 (100)
  --framework NAME    express or koa (express)
  --redis URL         keep shared state in this Redis (else REDIS_URL, else one on 127.0.0.1:6379, else LMDB)
  --lmdb              keep shared state in LMDB even where a Redis is found
  --port N            port of the page (a free one)
  --alb-port N        port of the load balancer (a free one)
  --idp-port N        port of the identity provider (a free one)
  --no-open           do not open a browser
  --help              this text
`;

/** The command line; throws a {@link DemoError} that names the option that is wrong. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const values = parse(argv);
  const options: DemoOptions = {
    help: values.help ?? false,
    headless: values.headless ?? false,
    json: values.json ?? false,
    framework: readFramework(values.framework ?? "express"),
    logins: readNumber("logins", values.logins ?? "100", 10, 10_000),
    redis: values.redis === undefined ? undefined : readRedisUrl(values.redis, "--redis"),
    lmdb: values.lmdb ?? false,
    port: readNumber("port", values.port ?? "0", 0, 65_535),
    albPort: readNumber("alb-port", values["alb-port"] ?? "0", 0, 65_535),
    idpPort: readNumber("idp-port", values["idp-port"] ?? "0", 0, 65_535),
    open: values.open ?? true,
  };
  refuseContradictions(options, values.logins !== undefined);
  return options;
}

function parse(argv: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    const { values } = parseArgs({
      args: [...argv],
      allowNegative: true,
      options: {
        help: flag,
        headless: flag,
        json: flag,
        framework: text,
        logins: text,
        redis: text,
        lmdb: flag,
        port: text,
        "alb-port": text,
        "idp-port": text,
        open: flag,
      },
    });
    return values;
  } catch (error) {
    throw new DemoError(`${(error as Error).message}\n\n${usage}`);
  }
}

function readFramework(given: string): Framework {
  if (given === "express" || given === "koa") return given;
  throw new DemoError(`option --framework: is ${given}; give express or koa`);
}

function readNumber(option: string, given: string, least: number, most: number): number {
  const number = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new DemoError(`option --${option}: is ${given}; give a whole number from ${least} to ${most}`);
}

/** Never repeats the URL: it may hold a password. */
export function readRedisUrl(given: string, from: string): string {
  const isRedis = URL.canParse(given) && ["redis:", "rediss:"].includes(new URL(given).protocol);
  if (isRedis) return given;
  throw new DemoError(`${from}: is not a Redis URL; give one like redis://127.0.0.1:6379`);
}

function refuseContradictions(options: DemoOptions, hasLogins: boolean): void {
  if (options.lmdb && options.redis !== undefined) throw new DemoError("option --lmdb: contradicts --redis");
  if (options.headless) return;
  if (options.json) throw new DemoError("option --json: needs --headless");
  if (hasLogins) throw new DemoError("option --logins: needs --headless");
}
