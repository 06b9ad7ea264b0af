/** Runs in the browser: plain JavaScript, everything written as text, never as markup. */
export const script = `
const byId = (id) => document.getElementById(id);
const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};
const samples = 40;
const rates = new Map();
const states = new Map();
let latest;

function drawTotals(status) {
  const own = Object.entries(status.ownStatuses).map(([code, count]) => code + " \\u00d7 " + count).join(", ");
  const figures = [
    ["Requests", status.requests.toLocaleString("en")],
    ["Not sticky", status.nonStickyRequests.toLocaleString("en")],
    ["Pinned clients", status.pinned.length.toLocaleString("en")],
    ["Answered by the balancer", own || "none"],
  ];
  byId("totals").replaceChildren(...figures.map(([name, value]) => {
    const box = make("div");
    box.append(make("dt", "", name), make("dd", "", value));
    return box;
  }));
}

function drawRate(key) {
  const values = rates.get(key)?.values ?? [];
  const most = Math.max(1, ...values);
  const points = values.map((value, at) => ((at + samples - values.length) * 100 / (samples - 1)).toFixed(1) + "," + (19 - value * 17 / most).toFixed(1));
  const space = "http://www.w3.org/2000/svg";
  const image = document.createElementNS(space, "svg");
  image.setAttribute("class", "rate");
  image.setAttribute("viewBox", "0 0 100 20");
  image.setAttribute("preserveAspectRatio", "none");
  image.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "polyline");
  for (const [name, value] of [["points", points.join(" ")], ["fill", "none"], ["stroke", "currentColor"], ["stroke-width", "1.5"], ["vector-effect", "non-scaling-stroke"]]) line.setAttribute(name, value);
  image.append(line);
  return image;
}

function drawTarget(target, status) {
  const key = target.group + " " + target.target;
  const isAway = target.state === "unused" || target.state === "draining";
  const card = make("li", "target" + (isAway ? " away" : ""));
  const head = make("div", "row");
  head.append(make("span", "name", target.target.replace(/^http:\\/\\//, "")), make("span", "state " + target.state, target.state));
  const share = status.requests === 0 ? 0 : target.requests / status.requests;
  const bar = make("div", "bar");
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", Math.round(share * 100) + " percent of all requests");
  bar.append(make("span"));
  bar.firstChild.style.width = share * 100 + "%";
  const figures = make("p", "figures");
  for (const [value, name] of [[target.requests, "requests"], [target.inFlight, "in flight"], [target.clients, "pinned"]]) {
    const figure = make("span");
    figure.append(make("b", "", value.toLocaleString("en")), " " + name);
    figures.append(figure);
  }
  card.append(head, bar, drawRate(key), figures);
  const groups = new Set(status.targets.map(({ group }) => group));
  const notes = [groups.size > 1 ? "group " + target.group : "", target.problem && "last health check: " + target.problem];
  if (notes.some(Boolean)) card.append(make("p", target.problem ? "problem" : "muted", notes.filter(Boolean).join(", ")));
  return card;
}

function drawClient({ client, target, requests, moves, lastSeenMs }) {
  const row = make("tr");
  const label = make("td", "label", client);
  label.style.setProperty("--hue", parseInt(client.slice(0, 4), 16) % 360);
  const seconds = Math.max(0, Math.round((Date.now() - lastSeenMs) / 1000));
  row.append(label, make("td", "", target.replace(/^http:\\/\\//, "")), make("td", "number", requests), make("td", "number", moves), make("td", "number", seconds < 2 ? "now" : seconds + " s ago"));
  return row;
}

function announce(status) {
  for (const { target, group, state } of status.targets) {
    const key = group + " " + target;
    if (states.has(key) && states.get(key) !== state) byId("announce").textContent = target + " is " + state;
    states.set(key, state);
  }
}

function draw() {
  if (latest === undefined) return;
  byId("stickiness").textContent = "Stickiness: " + latest.stickiness;
  drawTotals(latest);
  byId("targets").replaceChildren(...latest.targets.map((target) => drawTarget(target, latest)));
  byId("no-targets").hidden = latest.targets.length > 0;
  byId("clients").replaceChildren(...latest.pinned.slice(0, 100).map(drawClient));
  byId("no-clients").hidden = latest.pinned.length > 0;
  document.querySelector(".scroll").hidden = latest.pinned.length === 0;
}

function sample() {
  for (const { target, group, requests } of latest?.targets ?? []) {
    const key = group + " " + target;
    const rate = rates.get(key) ?? { values: [], before: requests };
    rate.values = [...rate.values, requests - rate.before].slice(-samples);
    rate.before = requests;
    rates.set(key, rate);
  }
  draw();
}

const events = new EventSource(document.body.dataset.events);
const live = byId("live");
events.onopen = () => { live.className = "live on"; live.textContent = "live"; };
events.onerror = () => { live.className = "live"; live.textContent = "the balancer does not answer"; };
events.onmessage = ({ data }) => { latest = JSON.parse(data); announce(latest); draw(); };
setInterval(sample, 500);
`;
