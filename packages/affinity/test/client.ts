import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { CookieJar } from "tough-cookie";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly setCookie: readonly string[];
  readonly body: string;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One real request. The path and the origin decide; nothing is followed and nothing is kept. */
export type Send = (path: string, call?: Call) => Promise<Answer>;

/** `authority` is the certificate that an https origin is trusted by. */
export function http1Client(origin: string, authority?: string): Send {
  const { request: open } = origin.startsWith("https:") ? https : http;
  return (path, call = {}) =>
    new Promise((resolve, reject) => {
      const request = open(`${origin}${path}`, {
        ...(authority === undefined ? {} : { ca: authority }),
        method: call.method ?? "GET",
        headers: { ...call.headers },
      });
      request.on("error", reject).end();
      request.on("response", (response) => {
        response.on("error", reject);
        readText(response).then((body) => {
          const setCookie = response.headers["set-cookie"] ?? [];
          resolve({ status: response.statusCode ?? 0, headers: response.headers, setCookie, body });
        }, reject);
      });
    });
}

export function http2Client(origin: string, authority?: string): Send {
  return (path, call = {}) =>
    new Promise((resolve, reject) => {
      const session = http2.connect(origin, authority === undefined ? {} : { ca: authority });
      session.on("error", reject);
      const stream = session.request({ ...call.headers, ":path": path, ":method": call.method ?? "GET" });
      stream.on("error", reject).end();
      stream.on("response", (headers) => {
        readText(stream).then((body) => {
          session.close();
          const setCookie = headers["set-cookie"] ?? [];
          resolve({
            status: headers[":status"] ?? 0,
            headers: headers as Answer["headers"],
            setCookie,
            body,
          });
        }, reject);
      });
    });
}

async function readText(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A browser's half: a strict jar for a public host name, whatever loopback address the bytes take. */
export class Browser {
  readonly jar: CookieJar = new CookieJar(undefined, { prefixSecurity: "strict" });
  readonly #send: Send;
  readonly #site: string;

  constructor(send: Send, site: string = "http://app.example.com") {
    this.#send = send;
    this.#site = site;
  }

  async visit(path: string, call: Call = {}): Promise<Answer> {
    const cookie = await this.jar.getCookieString(`${this.#site}${path}`);
    const answer = await this.#send(path, {
      ...call,
      headers: { ...call.headers, ...(cookie === "" ? {} : { cookie }) },
    });
    for (const line of answer.setCookie) await this.jar.setCookie(line, `${this.#site}${path}`);
    return answer;
  }

  async cookies(path: string = "/"): Promise<string> {
    return this.jar.getCookieString(`${this.#site}${path}`);
  }
}
