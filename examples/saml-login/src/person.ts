import { type BrowserClient, createBrowserClient, type Page } from "@unstick/testbed/browser-client";
import { readForm } from "@unstick/testbed/html-form";
import { simulatedAgent } from "./service-provider/witness.ts";
import { type Askable, whoAmI } from "./who-am-i.ts";

/** ALB sends `SameSite=None; Secure` with its own cookies only to a Chromium of version 80 or later. */
const agent = `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36 ${simulatedAgent}`;

/** Somebody with a browser profile of their own: one real HTTP client, one cookie jar. */
export class Person {
  readonly name: string;
  readonly #url: string;
  readonly #client: BrowserClient;
  #answer: string | null = null;

  /** `url` is the application's address. */
  constructor(name: string, url: string) {
    this.name = name;
    this.#url = url;
    this.#client = createBrowserClient({ headers: { "user-agent": agent } });
  }

  /** The SAMLResponse that this browser took to the application; null before it did. */
  get answer(): string | null {
    return this.#answer;
  }

  /** Click *Log in* and stop at the identity provider. Answers the error, or the page to {@link finish} from. */
  async begin(): Promise<Page | string> {
    const page = await this.#client.get(`${this.#url}/login?returnTo=/welcome`, { follow: true });
    return page.status === 200 ? page : errorOn(page);
  }

  /** Sign in there, and come back. Answers the error, or null. */
  async finish(signIn: Page): Promise<string | null> {
    const page = await this.#client.submit(signIn, { name: this.name });
    this.#answer = readForm(page.body, page.url).fields.SAMLResponse ?? null;
    return this.#arrive(await this.#client.submit(page), page.url, this.#url);
  }

  async logIn(): Promise<string | null> {
    const signIn = await this.begin();
    return typeof signIn === "string" ? signIn : this.finish(signIn);
  }

  /** Present somebody's answer, by default through the balancer, else to one instance. Answers the error, or null. */
  async present(answer: string, at: string = this.#url): Promise<string | null> {
    const from = "http://elsewhere.test/";
    const page = await this.#client.post(`${at}/acs`, { from, form: { SAMLResponse: answer } });
    return this.#arrive(page, from, at);
  }

  /** Which instances know this person, each asked by itself. */
  async whoKnows(instances: readonly Askable[]): Promise<string[]> {
    const cookies = await this.#client.cookies(this.#url);
    const answers = await whoAmI(cookies.map((cookie) => cookie.cookieString()).join("; "), instances);
    return answers.filter(({ user }) => user !== null).map(({ instance }) => instance);
  }

  leave(): void {
    this.#client.close();
  }

  /** Follow the application's redirects, at `at`, until they lead out of it. Answers the error, or null. */
  async #arrive(first: Page, from: string, at: string): Promise<string | null> {
    let page = first;
    for (let next = this.#ownLocation(page); next !== null; next = this.#ownLocation(page)) {
      // The initiator of the whole chain is the page it began on, so that Lax cookies go with GETs only.
      page = await this.#client.get(`${at}${next}`, { from });
    }
    return page.status === 303 ? null : errorOn(page);
  }

  /** Path and query of a redirect that stays in the application. */
  #ownLocation({ status, headers }: Page): string | null {
    if (status !== 303) return null;
    const { origin, pathname, search } = new URL(headers.location ?? "", this.#url);
    return origin === new URL(this.#url).origin ? `${pathname}${search}` : null;
  }
}

/** What a visitor would read on an error page. */
function errorOn(page: Page): string {
  const alert = /<p role="alert">([^<]*)</.exec(page.body)?.[1];
  return alert ?? `HTTP ${page.status}`;
}
