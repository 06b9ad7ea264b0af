import { type Diagnosis, diagnose } from "../check/diagnose.ts";
import { type Visit, visit } from "../check/visit.ts";
import { AlbError } from "../errors.ts";
import { checkFlags } from "./flags.ts";
import { parseFlags } from "./read-start.ts";
import { readNumber, refuseFlag } from "./values.ts";

/** An ALB decides `SameSite=None; Secure` by the user agent, so we come as a browser does. */
const browser =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

/** `alb check URL`: ask it several times with one cookie jar, and say what the answers mean. */
export async function check(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, checkFlags, true);
  const [address = "", ...more] = positionals;
  const isWeb = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
  if (!isWeb || more.length > 0) fail("name one address to check, like alb check https://example.com/login");
  const text = (name: string): string | undefined => values[name] as string | undefined;
  const requests = readNumber("requests", text("requests") ?? "20");
  if (!Number.isInteger(requests) || requests < 2 || requests > 1_000) {
    refuseFlag("requests", String(requests), "a whole number from 2 to 1000");
  }
  const visits = await visitOrExplain(new URL(address), {
    requests,
    instanceHeader: text("instance-header"),
    instanceCookie: text("instance-cookie"),
    userAgent: text("user-agent") ?? browser,
    isInsecure: values.insecure === true,
  });
  const diagnosis = diagnose(visits, text("app-cookie-name"));
  process.stdout.write(values.json === true ? asJson(visits, diagnosis) : asText(visits, diagnosis));
  return diagnosis.isSticky === true ? 0 : 1;
}

function fail(sentence: string): never {
  throw new AlbError("ERR_UNSTICK_ALB_OPTION", sentence);
}

async function visitOrExplain(...args: Parameters<typeof visit>): Promise<readonly Visit[]> {
  try {
    return await visit(...args);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return fail(`${args[0].origin} does not answer: ${code ?? message}`);
  }
}

/** Cookie values stay out of both: whoever reads a report could take over the session. */
function asJson(visits: readonly Visit[], diagnosis: Diagnosis): string {
  const answers = visits.map(({ status, instance, set }) => ({
    status,
    instance,
    set: set.map(({ name }) => name),
  }));
  return `${JSON.stringify({ ...diagnosis, answers }, null, 2)}\n`;
}

function asText(visits: readonly Visit[], { isSticky, findings }: Diagnosis): string {
  const rows = visits.map(({ status, instance, set }, at) => {
    const names = set.map(({ name }) => name).join(" ");
    return `${String(at + 1).padStart(4)}  ${status}  ${(instance ?? "?").padEnd(20)}  ${names}`;
  });
  const verdict = isSticky === null ? "CANNOT TELL" : isSticky ? "STICKY" : "NOT STICKY";
  const head = "   #  status  instance              cookies set";
  return `${[head, ...rows, "", verdict, ...findings.map((finding) => `- ${finding}`)].join("\n")}\n`;
}
