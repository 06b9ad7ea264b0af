import { drawTimeline, stepsOf, timelineText } from "./timeline.js";

const asked = 6;
const find = (id) => document.getElementById(id);
let scene = null;
/** What this browser's session depends on; when it changes, the instances are asked again. */
let askedAbout = "";
/** The mode in which this browser was logged in when it asked last; null if it was not. */
let knownIn = null;

new EventSource("/events").addEventListener("message", ({ data }) => {
  scene = JSON.parse(data);
  render();
});

find("deploy").addEventListener("click", () => act("deploy"));
find("crowd-login").addEventListener("click", () => act("crowd"));
find("logout").addEventListener("click", async () => {
  await fetch(`${scene.publicUrl}/logout`, { method: "POST", credentials: "include" });
  knownIn = null;
  await askWhoIAm();
});
find("login").addEventListener("click", (event) => {
  if (scene === null || scene.busy !== null) event.preventDefault();
});

async function act(name, subject = "") {
  const body = JSON.stringify({ name, subject });
  const answer = await fetch("/act", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const { error } = await answer.json();
  if (error !== null) find("busy").textContent = error;
}

function render() {
  find("setting").textContent =
    `${scene.framework}, passport-saml, three processes. Shared state: ${scene.state}.`;
  find("busy").textContent = scene.busy === null ? "" : `${scene.busy} …`;
  find("login").href = scene.loginUrl;
  find("login").setAttribute("aria-disabled", String(scene.busy !== null));
  find("status-page").href = `${scene.publicUrl}/_alb`;
  for (const id of ["deploy", "crowd-login"]) find(id).disabled = scene.busy !== null;
  renderModes();
  renderLogin();
  replace("instances", scene.instances.map(instanceCard));
  replace("crowd", scene.crowd.length === 0 ? [nobodyYet()] : scene.crowd.map(crowdItem));
  replace(
    "log",
    scene.log.map((sentence) => make("li", {}, sentence)),
  );
  const about = JSON.stringify([scene.mode, scene.instances.map(({ pid, health }) => [pid, health])]);
  if (about === askedAbout) return;
  // Nobody but us can know before we have asked.
  find("you").setAttribute("aria-busy", "true");
  if (scene.busy !== null) return;
  askedAbout = about;
  void askWhoIAm();
}

function renderModes() {
  if (find("mode-cards").childElementCount === 0) replace("mode-cards", scene.modes.map(modeCard));
  for (const radio of document.querySelectorAll("[name=mode]")) {
    radio.checked = radio.value === scene.mode;
    radio.disabled = scene.busy !== null;
  }
}

function modeCard({ id, title, summary }, index) {
  const radio = make("input", { type: "radio", name: "mode", value: id });
  radio.addEventListener("change", () => act("mode", id));
  return make(
    "label",
    { class: "card" },
    radio,
    make("strong", {}, `${index + 1}. ${title}`),
    make("small", {}, summary),
  );
}

function renderLogin() {
  const steps = stepsOf(scene.login);
  replace("timeline", [drawTimeline(steps)]);
  find("timeline-text").textContent = timelineText(steps) || "No login yet.";
  const { tone, headline, sentences } = scene.explanation;
  find("explanation").className = tone;
  const answered = scene.login?.answered;
  const cookies = answered ? [make("p", { class: "cookies" }, cookieSentence(answered.cookies))] : [];
  replace("explanation", [
    make("h3", {}, headline),
    ...sentences.map((sentence) => make("p", {}, sentence)),
    ...cookies,
  ]);
}

function cookieSentence(names) {
  if (names.length === 0) return "No cookie came with the POST.";
  return `Cookies that came with the POST: ${names.join(", ")}.`;
}

/** Ask several times, as a person who clicks around does: each answer comes from an instance of the balancer's choice. */
async function askWhoIAm() {
  const answers = [];
  find("you").setAttribute("aria-busy", "true");
  for (let time = 0; time < asked; time += 1) answers.push(await whoAmI());
  const known = answers.filter(({ user }) => user !== null);
  find("logout").hidden = known.length === 0;
  replace("you", [
    make("span", {}, verdictOn(known)),
    ...(known.length === 0 ? [] : answers.map(answerChip)),
  ]);
  knownIn = known.length === 0 ? null : scene.mode;
  find("you").setAttribute("aria-busy", "false");
}

function verdictOn(known) {
  const user = known[0]?.user;
  if (known.length === asked) return `You are ${user}.`;
  if (known.length > 0) return `Sometimes you are ${user}:`;
  if (knownIn !== scene.mode) return "You are not logged in.";
  return "You have been logged out: the instance that had your session in its memory is gone.";
}

async function whoAmI() {
  try {
    const answer = await fetch(`${scene.publicUrl}/whoami`, { credentials: "include" });
    return await answer.json();
  } catch {
    return { instance: "?", user: null };
  }
}

function answerChip({ instance, user }) {
  const isKnown = user !== null;
  return make(
    "span",
    { class: `chip ${isKnown ? "good" : "bad"}` },
    `${instance} ${isKnown ? "knows you" : "does not"}`,
  );
}

function instanceCard({ name, release, pid, isRunning, health, requests }) {
  const state = isRunning ? health : `dead; the balancer says ${health}`;
  const button = make(
    "button",
    { type: "button", class: "button" },
    isRunning ? `Kill ${name}` : `Start ${name} again`,
  );
  button.disabled = scene.busy !== null;
  button.addEventListener("click", () => act(isRunning ? "kill" : "revive", name));
  const about = `Release ${release}, process ${pid}: ${state}. ${requests} requests.`;
  return make(
    "article",
    { class: `card instance ${name}${isRunning ? "" : " down"}` },
    make("h3", {}, `Instance ${name}`),
    make("p", {}, about),
    button,
  );
}

function crowdItem({ name, instance, status }) {
  const where = instance === null ? "nobody answers" : `asked at ${instance}`;
  return make(
    "li",
    { class: status === "logged in" ? "good" : "bad" },
    `${name}: ${status}`,
    make("small", {}, where),
  );
}

function nobodyYet() {
  return make(
    "li",
    { class: "empty" },
    "Let twelve people log in, then kill an instance or deploy, and see who stays.",
  );
}

function replace(id, children) {
  const container = find(id);
  const focused = container.contains(document.activeElement) ? document.activeElement.textContent : null;
  container.replaceChildren(...children);
  if (focused === null) return;
  for (const button of container.querySelectorAll("button"))
    if (button.textContent === focused) button.focus();
}

function make(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
