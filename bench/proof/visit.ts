import { Agent, type IncomingMessage, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** What a browser would send next time: the cookies it sent, overlaid with those it was given. */
  readonly cookie: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 128 });

/** GET a page with the cookies of one browser. */
export async function visit(url: string, cookie = ""): Promise<Answer> {
  const headers = cookie === "" ? {} : { cookie };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { agent, headers }, resolve).once("error", reject).end();
  });
  const parts: string[] = [];
  response.setEncoding("utf8");
  for await (const part of response) parts.push(part as string);
  return {
    status: response.statusCode ?? 0,
    body: parts.join(""),
    cookie: overlay(cookie, response.headers["set-cookie"] ?? []),
  };
}

/** {@link visit}, for a page that must be there. */
export async function open(url: string, cookie = ""): Promise<Answer> {
  const answer = await visit(url, cookie);
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${answer.body}`);
  return answer;
}

export function closeVisits(): void {
  agent.destroy();
}

function overlay(cookie: string, lines: readonly string[]): string {
  if (lines.length === 0) return cookie;
  const jar = new Map(cookie === "" ? [] : cookie.split("; ").map(split));
  for (const line of lines) {
    const [name, value] = split(line.split(";")[0] ?? "");
    const expires = /;\s*expires=([^;]+)/i.exec(line)?.[1];
    if (value === "" || (expires !== undefined && Date.parse(expires) < 86_400_000)) jar.delete(name);
    else jar.set(name, value);
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
}

function split(pair: string): [name: string, value: string] {
  const at = pair.indexOf("=");
  return [pair.slice(0, at), pair.slice(at + 1)];
}
