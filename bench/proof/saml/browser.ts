import { inflateRawSync } from "node:zlib";
import type { Bed } from "./bed.ts";
import { signedInCookie } from "./routes.ts";

/** One visit to an instance, with the cookies of one browser and none of its rules but what the caller sends. */
export interface Answered {
  readonly status: number;
  readonly location: string;
  readonly body: string;
  /** `name=value` of the first cookie that was set. */
  readonly cookie: string;
  readonly isSignedIn: boolean;
}

/** The routes of a fleet over HTTP, each visit at the next instance. */
export class Site {
  readonly #ports: readonly string[];
  #turn = 0;

  private constructor(ports: readonly string[]) {
    this.#ports = ports;
  }

  static async open({ fleet }: Bed): Promise<Site> {
    const replies = fleet.instances.map((instance) => instance.call({ verb: "listen" }));
    return new Site((await Promise.all(replies)).map(({ text }) => text));
  }

  async visit(path: string, cookie = "", form?: Readonly<Record<string, string>>): Promise<Answered> {
    this.#turn += 1;
    const port = this.#ports[this.#turn % this.#ports.length];
    const { pathname, search } = new URL(path, "http://sp.test/");
    const response = await fetch(`http://127.0.0.1:${port}${pathname}${search}`, {
      redirect: "manual",
      headers: { cookie },
      ...(form && { method: "POST", body: new URLSearchParams(form) }),
    });
    const lines = response.headers.getSetCookie();
    return {
      status: response.status,
      location: response.headers.get("location") ?? "",
      body: await response.text(),
      cookie: lines[0]?.split(";")[0] ?? "",
      isSignedIn: lines.some((line) => line.startsWith(`${signedInCookie}=`)),
    };
  }

  /** Begin a login: the browser's cookie, and the id of its request. */
  async begin(): Promise<{ readonly cookie: string; readonly requestId: string }> {
    const { cookie, location } = await this.visit("/login");
    const field = new URL(location).searchParams.get("SAMLRequest") ?? "";
    const xml = inflateRawSync(Buffer.from(field, "base64")).toString();
    return { cookie, requestId: / ID="([^"]+)"/.exec(xml)?.[1] ?? "" };
  }

  /** The POST that comes from the identity provider, without a cookie, and where it leads, with one. */
  async post(SAMLResponse: string, cookie: string): Promise<Answered> {
    const posted = await this.visit("/acs", "", { SAMLResponse });
    if (posted.isSignedIn || !posted.location.includes("ticket=")) return posted;
    return this.visit(posted.location, cookie);
  }
}
