import { memoryBackend, memoryState, type SharedState, sessionKey } from "@unstick/session";
import { createBrowserClient, type Page } from "@unstick/testbed";
import { linkSession, protect, SamlError, type SamlRefusal } from "../src/index.ts";
import { atIdp, requestIdOf, signIn, startFleet } from "./fleet.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { createSaml } from "./service-provider.ts";
import { beginAt, type MakeInstance, posted, redirected } from "./stateless-libraries.ts";

/** Where messages come in, under one way of using the package; ada is signed in, and a login is under way. */
export interface Doors {
  readonly idp: RealIdp;
  readonly state: SharedState;
  /** Of the login that waits for its answer. */
  readonly requestId: string;
  isSignedIn(): Promise<boolean>;
  /** Each answers the code of the refusal that the application can show, or `"taken"`. */
  acs(SAMLResponse: string): Promise<string>;
  post(form: object): Promise<string>;
  redirect(query: string): Promise<string>;
  /** `protect()` has none. */
  readonly soap?: (envelope: string) => Promise<string>;
  close(): Promise<void>;
}

const taken = "taken";
const nothing = async (): Promise<void> => {};

async function codeOf(step: Promise<unknown>): Promise<string> {
  try {
    await step;
    return taken;
  } catch (error) {
    return error instanceof SamlError ? error.code : `no typed error: ${String(error)}`;
  }
}

export async function doorsOfProtect(): Promise<Doors> {
  const idp = await startRealIdp();
  const [state, sessions] = [memoryState(), memoryBackend()];
  const saml = protect(createSaml(idp.certificate), { state, sessions });
  const begin = async (): Promise<string> => {
    const url = new URL(await saml.getAuthorizeUrlAsync("", undefined, {}));
    return idp.readRequest(Object.fromEntries(url.searchParams));
  };
  const SAMLResponse = await idp.answer({ requestId: await begin() });
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse });
  const key = sessionKey("ada's");
  await sessions.create(key, new Map(), { idleMs: 60_000 });
  await linkSession(profile ?? {}, "ada's");
  return {
    idp,
    state,
    requestId: await begin(),
    isSignedIn: async () => (await sessions.read(key)) !== null,
    acs: (answer) => codeOf(saml.validatePostResponseAsync({ SAMLResponse: answer })),
    post: (form) =>
      codeOf(
        "SAMLRequest" in form
          ? saml.validatePostRequestAsync(form as never)
          : saml.validatePostResponseAsync(form as never),
      ),
    redirect: (query) => codeOf(saml.validateRedirectAsync({}, query)),
    close: nothing,
  };
}

export async function doorsOfLibrary(make: MakeInstance): Promise<Doors> {
  const idp = await startRealIdp();
  const [state, sessions] = [memoryState(), memoryBackend()];
  const { logins, ...library } = make(idp, state, { sessions });
  const { requestId, cookie } = await beginAt({ logins, ...library });
  const form = { SAMLResponse: await idp.answer({ requestId }) };
  const { location } = await logins.finish({ method: "POST", url: "/acs", cookie, form });
  const end = await logins.finish({ method: "GET", url: location, cookie });
  if (end.kind !== "accepted") throw new Error(end.kind);
  const key = sessionKey("ada's");
  await sessions.create(key, new Map(), { idleMs: 60_000 });
  await logins.link(end.login, "ada's");
  return {
    idp,
    state,
    requestId: (await beginAt({ logins, ...library })).requestId,
    isSignedIn: async () => (await sessions.read(key)) !== null,
    acs: (SAMLResponse) =>
      codeOf(logins.finish({ method: "POST", url: "/acs", cookie: undefined, form: { SAMLResponse } })),
    post: (fields) => codeOf(logins.logout(posted(fields))),
    redirect: (query) => codeOf(logins.logout(redirected(query))),
    soap: async (soap) => {
      const step = await logins.logout({ method: "POST", url: "/logout", soap });
      return step.kind === "soap" ? faultOf(step) : step.kind;
    },
    close: nothing,
  };
}

export async function doorsOfRoutes(framework: "express" | "koa"): Promise<Doors> {
  const fleet = await startFleet(framework);
  const ada = await signIn(fleet);
  const requestId = requestIdOf(await createBrowserClient().get(`${fleet.url}/login`));
  const send = (path: string, form: object): Promise<Page> =>
    createBrowserClient().post(`${fleet.url}${path}`, { ...atIdp, form: form as Record<string, string> });
  return {
    idp: fleet.idp,
    state: fleet.shared.state,
    requestId,
    isSignedIn: async () => (await ada.get(fleet.url)).body === "ada@example.org",
    acs: async (SAMLResponse) => shownBy(await send("/acs", { SAMLResponse })),
    post: async (form) => shownBy(await send("/logout", form)),
    redirect: async (query) => shownBy(await createBrowserClient().get(`${fleet.url}/logout?${query}`)),
    soap: async (body) => {
      const headers = { "content-type": "text/xml" };
      return faultOf(await createBrowserClient().post(`${fleet.url}/logout`, { body, headers }));
    },
    close: fleet.close,
  };
}

const refusals: readonly SamlRefusal[] = [
  "malformed",
  "refused",
  "misaddressed",
  "unsolicited",
  "request_unknown",
  "request_used",
  "assertion_used",
  "other_browser",
  "logged_out",
];

/** The code whose sentence a page shows, and its status with it. */
function shownBy({ status, body }: Page): string {
  if (status === 302 || status === 303) return taken;
  const alert = /<p role="alert">([^<]*)<\/p>/.exec(body)?.[1] ?? "";
  const error = refusals.map((refusal) => new SamlError(refusal)).find(({ message }) => says(alert, message));
  if (error?.status === status && /<a href="[^"]+">(?:Try again|Back)</.test(body)) return error.code;
  return `no page for people: ${status} ${body}`;
}

function says(alert: string, message: string): boolean {
  const text = alert.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
  return text.toLowerCase() === `${message}.`.toLowerCase();
}

function faultOf({ status, body }: { readonly status: number; readonly body: string }): string {
  if (status === 200) return taken;
  const code = /<faultstring>([^<]*)<\/faultstring>/.exec(body)?.[1];
  return status === 500 && code !== undefined ? code : `no fault: ${status} ${body}`;
}
