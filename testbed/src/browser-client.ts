import type { IncomingHttpHeaders } from "node:http";
import { Cookie, CookieJar } from "tough-cookie";
import { readForm } from "./html-form.ts";
import { type HttpAnswer, openConnections } from "./http-exchange.ts";
import { sameSiteContext } from "./same-site.ts";

export interface BrowserClientOptions {
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Certificate (PEM) that HTTPS servers are checked against. */
  readonly ca?: string;
  /** How long one request may take; default 15,000. */
  readonly timeoutMs?: number;
}

export interface VisitOptions {
  /** The page (its URL) that begins this navigation; without it somebody typed the address. Decides `SameSite`. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `application/x-www-form-urlencoded`. */
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Follow redirects, at most 20 as browsers do; default false. */
  readonly follow?: boolean;
}

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** `Set-Cookie` lines of this response, as sent. */
  readonly setCookie: readonly string[];
  /** `Set-Cookie` lines that the jar refused, with the reason. */
  readonly refusedCookies: readonly { readonly line: string; readonly reason: string }[];
  readonly body: string;
  /** The responses that redirected here, oldest first. */
  readonly redirects: readonly Page[];
}

/** Top-level navigations of one browser profile: a strict cookie jar with `SameSite`, kept-alive connections. */
export interface BrowserClient {
  get(url: string, options?: VisitOptions): Promise<Page>;
  post(url: string, options?: VisitOptions): Promise<Page>;
  /** Send the page's form (the first that matches `selector`), its fields overlaid with `fields`. */
  submit(
    page: Page,
    fields?: Readonly<Record<string, string>>,
    options?: VisitOptions & { selector?: string },
  ): Promise<Page>;
  /** What would be sent on a typed-in visit to `url`. */
  cookies(url: string): Promise<readonly Cookie[]>;
  /** Forget every cookie. */
  clearCookies(): Promise<void>;
  /** Close the connections. */
  close(): void;
}

const maxRedirects = 20;

export function createBrowserClient(options: BrowserClientOptions = {}): BrowserClient {
  const jar = new CookieJar(undefined, { allowSpecialUseDomain: true, rejectPublicSuffixes: false });
  const connections = openConnections(options.ca);
  const visitOnce = async (method: string, url: string, visit: VisitOptions): Promise<Page> => {
    const cookie = await jar.getCookieString(url, {
      sameSiteContext: sameSiteContext(method, url, visit.from),
    });
    const body = bodyOf(visit);
    const headers = { ...options.headers, ...headersOf(method, visit, body), ...(cookie && { cookie }) };
    const answer = await connections.call({
      method,
      url,
      headers,
      body,
      timeoutMs: options.timeoutMs ?? 15_000,
    });
    return toPage(jar, url, answer);
  };
  const visit = followRedirects(visitOnce);
  return {
    get: (url, visitOptions = {}) => visit("GET", url, visitOptions),
    post: (url, visitOptions = {}) => visit("POST", url, visitOptions),
    submit: (page, fields = {}, { selector, ...visitOptions } = {}) => {
      const form = readForm(page.body, page.url, selector);
      const all = { ...form.fields, ...fields };
      const from = { from: page.url, ...visitOptions };
      if (form.method === "POST") return visit("POST", form.action, { ...from, form: all });
      const url = new URL(form.action);
      url.search = new URLSearchParams(all).toString();
      return visit("GET", url.href, from);
    },
    cookies: (url) => jar.getCookies(url, { sameSiteContext: "strict" }),
    clearCookies: () => jar.removeAllCookies(),
    close: connections.close,
  };
}

type Visit = (method: string, url: string, options: VisitOptions) => Promise<Page>;

/** 307 and 308 keep method and body; after the others a POST goes on as a GET (Fetch standard, HTTP-redirect fetch). */
function followRedirects(visitOnce: Visit): Visit {
  return async (method, url, options) => {
    const redirects: Page[] = [];
    let page = await visitOnce(method, url, options);
    let next = { method, options };
    while (options.follow && isRedirect(page)) {
      if (redirects.push(page) > maxRedirects)
        throw new Error(`more than ${maxRedirects} redirects from ${url}`);
      if (page.status < 307) next = { method: "GET", options: withoutBody(options) };
      const location = new URL(page.headers.location ?? "", page.url).href;
      page = await visitOnce(next.method, location, next.options);
    }
    return { ...page, redirects };
  };
}

function isRedirect(page: Page): boolean {
  return [301, 302, 303, 307, 308].includes(page.status) && page.headers.location !== undefined;
}

function withoutBody({ form: _form, body: _body, ...rest }: VisitOptions): VisitOptions {
  return rest;
}

function bodyOf({ form, body }: VisitOptions): string | Buffer | undefined {
  return form === undefined ? body : new URLSearchParams(form).toString();
}

function headersOf(
  method: string,
  { from, form, headers }: VisitOptions,
  body: string | Buffer | undefined,
): Record<string, string> {
  return {
    ...(from !== undefined && method !== "GET" && { origin: new URL(from).origin }),
    ...(form !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
    ...(body !== undefined && { "content-length": `${Buffer.byteLength(body)}` }),
    ...headers,
  };
}

/** The response to a navigation may set cookies of every `SameSite` (rfc6265bis section 5.7, step 18). */
async function toPage(jar: CookieJar, url: string, answer: HttpAnswer): Promise<Page> {
  const setCookie = answer.headers["set-cookie"] ?? [];
  const refusedCookies: { line: string; reason: string }[] = [];
  for (const line of setCookie) {
    const reason = await refuse(jar, url, line);
    if (reason !== undefined) refusedCookies.push({ line, reason });
  }
  return { url, ...answer, setCookie, refusedCookies, redirects: [] };
}

/** Put one line into the jar; answers why not, if not. */
async function refuse(jar: CookieJar, url: string, line: string): Promise<string | undefined> {
  const cookie = Cookie.parse(line);
  if (cookie === undefined) return "not a cookie";
  // rfc6265bis section 5.7, step 19; tough-cookie leaves this one to its caller.
  if (cookie.sameSite === "none" && !cookie.secure) return "SameSite=None without Secure";
  try {
    const kept = await jar.setCookie(cookie, url, { sameSiteContext: "strict" });
    return kept === undefined ? "prefix rules" : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
