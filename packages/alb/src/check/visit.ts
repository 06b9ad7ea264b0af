import { once } from "node:events";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { cookieValues } from "../rules/cookies.ts";
import { Jar } from "./jar.ts";

export interface VisitOptions {
  readonly requests: number;
  readonly instanceHeader: string | undefined;
  readonly instanceCookie: string | undefined;
  readonly userAgent: string;
  readonly isInsecure: boolean;
}

/** One answer as the diagnosis sees it. */
export interface Visit {
  readonly status: number;
  /** The instance that answered, when it said so. */
  readonly instance: string | undefined;
  /** Name and value of each cookie that was set. */
  readonly set: readonly { readonly name: string; readonly value: string }[];
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  /** The Cookie header that had been sent. */
  readonly sent: string;
}

/** Ask an address again and again, with one cookie jar, as one browser would. */
export async function visit(address: URL, options: VisitOptions): Promise<readonly Visit[]> {
  const jar = new Jar();
  const agents = {
    http: new HttpAgent({ keepAlive: true }),
    https: new HttpsAgent({ keepAlive: true, rejectUnauthorized: !options.isInsecure }),
  };
  const visits: Visit[] = [];
  try {
    for (let count = 0; count < options.requests; count += 1) {
      const sent = jar.header(address, Date.now());
      const answer = await get(address, sent, options.userAgent, agents);
      visits.push(look(answer, sent, jar, address, options));
    }
  } finally {
    agents.http.destroy();
    agents.https.destroy();
  }
  return visits;
}

async function get(
  address: URL,
  cookies: string,
  userAgent: string,
  agents: { readonly http: HttpAgent; readonly https: HttpsAgent },
): Promise<IncomingMessage> {
  const headers = { "user-agent": userAgent, accept: "*/*", ...(cookies !== "" && { cookie: cookies }) };
  const options = { headers, signal: AbortSignal.timeout(30_000) };
  const outgoing =
    address.protocol === "https:"
      ? httpsRequest(address, { ...options, agent: agents.https })
      : httpRequest(address, { ...options, agent: agents.http });
  outgoing.end();
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
  return answer;
}

function look(answer: IncomingMessage, sent: string, jar: Jar, address: URL, options: VisitOptions): Visit {
  const lines = answer.headers["set-cookie"] ?? [];
  const set = lines.map((line) => {
    const [name = "", ...value] = (line.split(";", 1)[0] ?? "").split("=");
    return { name: name.trim(), value: value.join("=") };
  });
  const refused = lines.flatMap((line, at) => {
    const reason = jar.take(line, address, Date.now());
    return reason === null ? [] : [{ name: set[at]?.name ?? "", reason }];
  });
  const { instanceHeader, instanceCookie } = options;
  const header = instanceHeader === undefined ? undefined : answer.headers[instanceHeader.toLowerCase()];
  const cookie =
    instanceCookie === undefined
      ? undefined
      : cookieValues(jar.header(address, Date.now()), instanceCookie)[0];
  return { status: answer.statusCode ?? 0, instance: header?.toString() ?? cookie, set, refused, sent };
}
