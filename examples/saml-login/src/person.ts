import { type BrowserClient, createBrowserClient, type Page } from "@unstick/testbed/browser-client";
import { simulatedAgent } from "./service-provider/witness.ts";

/** ALB sends `SameSite=None; Secure` with its own cookies only to a Chromium of version 80 or later. */
const agent = `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36 ${simulatedAgent}`;

/** Of three instances taking turns, one is missed with a chance of less than 1 %. */
const askedAtMost = 12;

export interface WhoAmI {
  readonly instance: string;
  readonly user: string | null;
}

/** Somebody with a browser profile of their own: one real HTTP client, one cookie jar. */
export class Person {
  readonly name: string;
  readonly #url: string;
  readonly #client: BrowserClient;

  /** `url` is the application's address. */
  constructor(name: string, url: string) {
    this.name = name;
    this.#url = url;
    this.#client = createBrowserClient({ headers: { "user-agent": agent } });
  }

  /** Click *Log in* and stop at the identity provider. Answers the error, or the page to {@link finish} from. */
  async begin(): Promise<Page | string> {
    const page = await this.#client.get(`${this.#url}/login`, { follow: true });
    return page.status === 200 ? page : errorOn(page);
  }

  /** Sign in there, and come back. Answers the error, or null. */
  async finish(signIn: Page): Promise<string | null> {
    const answer = await this.#client.submit(signIn, { name: this.name });
    let page = await this.#client.submit(answer);
    while (page.status === 303 && page.headers.location?.startsWith("/")) {
      // The initiator of the whole chain is the identity provider, so that Lax cookies go with GETs only.
      page = await this.#client.get(new URL(page.headers.location, page.url).href, { from: answer.url });
    }
    return page.status === 303 ? null : errorOn(page);
  }

  async logIn(): Promise<string | null> {
    const signIn = await this.begin();
    return typeof signIn === "string" ? signIn : this.finish(signIn);
  }

  /** Which instance answers, and whether it knows this person; null if none does. */
  async whoAmI(): Promise<WhoAmI | null> {
    const page = await this.#client.get(`${this.#url}/whoami`);
    return page.status === 200 ? (JSON.parse(page.body) as WhoAmI) : null;
  }

  /** Does any instance know this person? Asked until one does: without stickiness each answer is another one's. */
  async isKnown(): Promise<boolean> {
    for (let time = 0; time < askedAtMost; time += 1) {
      if ((await this.whoAmI())?.user === this.name) return true;
    }
    return false;
  }

  leave(): void {
    this.#client.close();
  }
}

/** What a visitor would read on an error page. */
function errorOn(page: Page): string {
  const alert = /<p role="alert">([^<]*)</.exec(page.body)?.[1];
  return alert ?? `HTTP ${page.status}`;
}
