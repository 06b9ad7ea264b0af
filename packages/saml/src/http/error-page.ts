/** The page is all there is: it loads and runs nothing, and nobody frames it or learns its address, which may hold a ticket. */
const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export interface ErrorPage {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What failed, and the link that goes on from there. */
export interface Failure {
  readonly headline: string;
  readonly link: string;
  readonly url: string;
}

export function failedLogin(loginPath: string): Failure {
  return { headline: "You could not be signed in", link: "Try again", url: loginPath };
}

export function failedLogout(url: string): Failure {
  return { headline: "You may not be signed out everywhere", link: "Back", url };
}

/** What a person sees whose login or logout failed; nothing in it came with the request. */
export function errorPage(error: unknown, { headline, link, url }: Failure): ErrorPage {
  const {
    status,
    code = "",
    message = "",
  } = (error ?? {}) as {
    readonly status?: unknown;
    readonly code?: string;
    readonly message?: string;
  };
  const isOurs = String(code).startsWith("ERR_UNSTICK_SAML_");
  const reason = isOurs
    ? `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
    : "Login state could not be reached, so nothing was accepted. Try again in a moment.";
  const body = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${headline}</title>
<style>body{font:17px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}</style>
<h1>${headline}</h1>
<p role="alert">${escapeHtml(reason)}</p>
<p><a href="${escapeHtml(url)}">${link}</a></p>
</html>`;
  return { status: isFailure(status) ? status : 500, headers: HEADERS, body };
}

function isFailure(status: unknown): status is number {
  return Number.isInteger(status) && (status as number) >= 400 && (status as number) < 600;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
