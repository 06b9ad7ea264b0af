import { script } from "./page-script.ts";
import { style } from "./page-style.ts";

/** The status page: one document with everything in it, which then listens to `events` below its own path. */
export function page(statusPath: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Load balancer</title>
<link rel="icon" href="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='6' fill='%230b6bcb'/></svg>">
<style>${style}</style>
</head>
<body data-events="${statusPath}/events">
${body}
<footer class="muted">The same as <a href="${statusPath}/status.json">JSON</a></footer>
<p id="announce" class="hidden" aria-live="polite"></p>
<script>${script}</script>
</body>
</html>
`;
}

const body = `<header>
  <div>
    <h1>Load balancer</h1>
    <p id="stickiness" class="muted">connecting</p>
  </div>
  <p id="live" class="live" role="status">connecting</p>
</header>
<main>
  <section aria-label="Totals"><dl id="totals" class="totals"></dl></section>
  <section aria-labelledby="targets-title">
    <h2 id="targets-title">Targets</h2>
    <ul id="targets" class="targets"></ul>
    <p id="no-targets" class="empty" hidden>No target is registered: every request is answered with 503.</p>
  </section>
  <section aria-labelledby="clients-title">
    <h2 id="clients-title">Clients and where they are pinned</h2>
    <p class="muted">A label is random. It stands for the balancer's cookie and tells nothing about its value.</p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="clients-title">
      <table>
        <thead><tr><th scope="col">Client</th><th scope="col">Target</th><th scope="col" class="number">Requests</th><th scope="col" class="number">Moves</th><th scope="col" class="number">Last seen</th></tr></thead>
        <tbody id="clients"></tbody>
      </table>
    </div>
    <p id="no-clients" class="empty">Nobody is pinned yet.</p>
  </section>
</main>`;
