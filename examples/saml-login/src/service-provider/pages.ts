import type { InstanceConfig, Refusal } from "../fleet/messages.ts";
import { escapeHtml, renderDocument } from "../html.ts";

/** What a session of the application holds. */
export interface User {
  user: string;
}

/** Of an error with a status its text may be shown to people; what is behind any other is nobody's business. */
export function refusalOf(thrown: unknown): { readonly status: number; readonly refusal: Refusal } {
  const {
    status,
    code = "",
    message,
  } = thrown as Error & { readonly status?: number; readonly code?: string };
  if (status === undefined) {
    return { status: 500, refusal: { code, sentence: "Something went wrong here. Try again in a moment." } };
  }
  const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
  return { status, refusal: { code, sentence: sentence.endsWith(".") ? sentence : `${sentence}.` } };
}

/** The page after the login finds no session. */
export function unknownHere(): Error {
  const error = new Error("Signed in a moment ago, but this instance does not know the session.");
  return Object.assign(error, { status: 401, code: "" });
}

const css = `
:root { color-scheme: light dark; --ink: #1b2330; --paper: #f6f7f9; --card: #fff; --bad: #b3261e; --go: #1f5fbf; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --paper: #12161c; --card: #1b212a; --bad: #ff8a80; --go: #8ab8ff; } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 17px/1.5 system-ui, sans-serif; }
main { max-width: 34rem; margin: 1.5rem; padding: 2rem; background: var(--card); border-radius: 12px;
  border-top: 5px solid var(--bad); box-shadow: 0 2px 14px #0002; }
h1 { margin: 0 0 .5rem; font-size: 1.4rem; }
[role=alert] { color: var(--bad); font-weight: 600; }
a { color: var(--go); }
`;

/** The application's own error page, as its visitors would see it. */
export function refusalPage({ name, homeUrl }: InstanceConfig, path: string, { sentence }: Refusal): string {
  const title = path === "/logout" ? "The logout was not completed" : "You could not be signed in";
  const body = `<main>
<h1>${title}</h1>
<p role="alert">${escapeHtml(sentence)}</p>
<p>This page was answered by instance <strong>${escapeHtml(name)}</strong>.</p>
<p><a href="${escapeHtml(homeUrl)}" autofocus>Back to the demo: see why</a></p>
</main>`;
  return renderDocument({ title, css, body });
}
