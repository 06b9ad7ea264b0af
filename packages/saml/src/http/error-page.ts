/** What a person sees whose login failed. `retryUrl` begins a new one. */
export function errorPage(
  error: unknown,
  retryUrl: string,
): { readonly status: number; readonly body: string } {
  const {
    status = 500,
    code = "",
    message = "",
  } = error as Partial<Record<string, never>> & {
    readonly status?: number;
    readonly code?: string;
    readonly message?: string;
  };
  const isOurs = code.startsWith("ERR_UNSTICK_SAML_");
  const reason = isOurs
    ? `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
    : "Login state could not be reached, so nothing was accepted. Try again in a moment.";
  const body = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>You could not be signed in</title>
<style>body{font:17px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}</style>
<h1>You could not be signed in</h1>
<p role="alert">${escapeHtml(reason)}</p>
<p><a href="${escapeHtml(retryUrl)}">Try again</a></p>
</html>`;
  return { status, body };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
