import { Agent, type IncomingMessage, request } from "node:http";

export interface Answer {
  /** 0: there was none, the connection broke. */
  readonly status: number;
  readonly body: string;
  /** What a browser would send next time: the cookies it sent, overlaid with those it was given. */
  readonly cookie: string;
  /** A cookie was given that a browser keeps. */
  readonly isCookieGiven: boolean;
}

export interface VisitOptions {
  /** The server said 102: it is at it. */
  readonly onBegun?: () => void;
  /** What breaks off counts as far as it came, which is what a browser does with the head of an answer. */
  readonly mayBreak?: boolean;
  /** Do not wait for the body: browsers follow a redirect when they have its head. */
  readonly isHeadEnough?: boolean;
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** GET a page with the cookies of one browser. */
export async function visit(url: string, cookie = "", options: VisitOptions = {}): Promise<Answer> {
  const { mayBreak = false, isHeadEnough = false } = options;
  const headers: Record<string, string> = cookie === "" ? {} : { cookie };
  const response = await begin(url, headers, options);
  if (response === undefined) return { status: 0, body: "", cookie, isCookieGiven: false };
  const body = isHeadEnough ? "" : await read(response, mayBreak);
  if (isHeadEnough) response.resume();
  const lines = response.headers["set-cookie"] ?? [];
  return {
    status: response.statusCode ?? 0,
    body,
    cookie: overlay(cookie, lines),
    isCookieGiven: lines.some((line) => !isExpired(line)),
  };
}

function begin(
  url: string,
  headers: Record<string, string>,
  { onBegun, mayBreak = false }: VisitOptions,
): Promise<IncomingMessage | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, headers }, resolve);
    asked.once("error", mayBreak ? () => resolve(undefined) : reject);
    if (onBegun !== undefined) asked.once("information", onBegun);
    asked.end();
  });
}

async function read(response: IncomingMessage, mayBreak: boolean): Promise<string> {
  const parts: string[] = [];
  try {
    for await (const part of response.setEncoding("utf8")) parts.push(part as string);
  } catch (error) {
    if (!mayBreak) throw error;
  }
  return parts.join("");
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
    if (isExpired(line)) jar.delete(name);
    else jar.set(name, value);
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
}

function isExpired(line: string): boolean {
  const [, value] = split(line.split(";")[0] ?? "");
  const expires = /;\s*expires=([^;]+)/i.exec(line)?.[1];
  return value === "" || (expires !== undefined && Date.parse(expires) < 86_400_000);
}

function split(pair: string): [name: string, value: string] {
  const at = pair.indexOf("=");
  return [pair.slice(0, at), pair.slice(at + 1)];
}
