import { escapeHtml, renderDocument } from "../html.ts";

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
export function errorPage(instance: string, error: string, homeUrl: string): string {
  const body = `<main>
<h1>You could not be signed in</h1>
<p role="alert">${escapeHtml(error)}</p>
<p>This page was answered by instance <strong>${escapeHtml(instance)}</strong>.</p>
<p><a href="${escapeHtml(homeUrl)}" autofocus>Back to the demo: see why</a></p>
</main>`;
  return renderDocument({ title: "You could not be signed in", css, body });
}
