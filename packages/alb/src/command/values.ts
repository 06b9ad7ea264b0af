import { AlbError } from "../errors.ts";

const unitSeconds: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90`, `90s`, `15m`, `8h`, `1d` as seconds. */
export function readSeconds(flag: string, text: string): number {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? [];
  const seconds = unitSeconds[unit];
  if (amount === undefined || seconds === undefined) {
    refuseFlag(flag, text, "a time: 20s, 15m, 8h, 1d, or a number of seconds");
  }
  return Number(amount) * seconds;
}

export function readNumber(flag: string, text: string): number {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isNaN(number)) refuseFlag(flag, text, "a number");
  return number;
}

export function refuseFlag(flag: string, text: string, wanted: string): never {
  throw new AlbError("ERR_UNSTICK_ALB_OPTION", `--${flag} is ${JSON.stringify(text)}; it must be ${wanted}`);
}
