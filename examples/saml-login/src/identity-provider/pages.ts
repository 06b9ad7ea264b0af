import { escapeHtml, renderDocument } from "../html.ts";

const css = `
:root { color-scheme: light dark; --ink: #23202e; --paper: #efeaf7; --card: #fff; --go: #5b3fa8; --on-go: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #ece8f5; --paper: #17131f; --card: #221c2e; --go: #b9a3ff; --on-go: #17131f; } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 17px/1.5 system-ui, sans-serif; }
main { width: min(26rem, 90vw); padding: 2rem; background: var(--card); border-radius: 12px; box-shadow: 0 2px 14px #0002; }
h1 { margin: 0; font-size: 1.35rem; }
label { display: block; margin: 1.2rem 0 .3rem; font-weight: 600; }
input[type=email] { width: 100%; box-sizing: border-box; padding: .6rem; font: inherit; border: 1px solid #8888; border-radius: 6px;
  background: transparent; color: inherit; }
button { margin-top: 1.2rem; width: 100%; padding: .7rem; font: inherit; font-weight: 600; border: 0; border-radius: 6px;
  background: var(--go); color: var(--on-go); cursor: pointer; }
`;

/** Where a person says who they are. There is no password: it is a demo. */
export function signInPage(requestId: string, relayState: string): string {
  const body = `<main>
<h1>Identity provider</h1>
<p>This is another site than the application, as it is in real life.</p>
<form method="post" action="/answer">
<input type="hidden" name="request" value="${escapeHtml(requestId)}">
<input type="hidden" name="relayState" value="${escapeHtml(relayState)}">
<label for="name">E-mail</label>
<input id="name" name="name" type="email" required value="ada@example.org" autocomplete="off">
<button type="submit" autofocus>Sign in</button>
</form>
</main>`;
  return renderDocument({ title: "Identity provider: sign in", css, body });
}

/** SAML's HTTP-POST binding: a form that the browser sends to the application by itself. */
export function answerPage(callbackUrl: string, answer: string, relayState: string): string {
  const body = `<main>
<h1>Signed in</h1>
<form method="post" action="${escapeHtml(callbackUrl)}">
<input type="hidden" name="SAMLResponse" value="${escapeHtml(answer)}">
<input type="hidden" name="RelayState" value="${escapeHtml(relayState)}">
<button type="submit">Back to the application</button>
</form>
</main>
<script>document.forms[0].submit()</script>`;
  return renderDocument({ title: "Identity provider: signed in", css, body });
}

export function refusedPage(reason: string): string {
  const body = `<main><h1>Identity provider</h1><p role="alert">${escapeHtml(reason)}</p></main>`;
  return renderDocument({ title: "Identity provider: refused", css, body });
}
