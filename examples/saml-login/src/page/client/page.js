import { find, inWords, make, replace, told } from "./dom.js";
import { logoutResult, peopleCards } from "./people.js";
import { drawTimeline, stepsOf, timelineText } from "./timeline.js";

let scene = null;
/** What this browser's session depends on; when it changes, the instances are asked again. */
let askedAbout = "";
/** The session of this browser, `{ name, knownBy, mode }`, also after it has ended; null if it had none. */
let own = null;
/** Names the login that this page begins, so that its steps can be told from those of another. */
const visit = crypto.randomUUID();

new EventSource("/events").addEventListener("message", ({ data }) => {
  scene = JSON.parse(data);
  render();
});

find("deploy").addEventListener("click", () => act("deploy"));
find("replay").addEventListener("click", () => act("replay"));
find("crowd-login").addEventListener("click", () => act("crowd"));
for (const id of ["login", "logout"]) {
  find(id).addEventListener("click", (event) => {
    if (scene === null || scene.busy !== null) event.preventDefault();
  });
}

async function act(name, subject = "") {
  // At once, so that nothing else is clicked before the scene says that something is being done.
  const { mode } = scene;
  scene = { ...scene, busy: "One moment", mode: name === "mode" ? subject : mode };
  render();
  const answer = await fetch("/act", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, subject }),
  });
  const { error } = await answer.json();
  if (error === null) return;
  scene = { ...scene, busy: null, mode };
  render();
  find("busy").textContent = error;
}

function render() {
  const isBusy = scene.busy !== null;
  find("setting").textContent =
    `${scene.framework}, @unstick/saml on node-saml, three processes. Shared state: ${scene.state}.`;
  find("busy").textContent = isBusy ? `${scene.busy} …` : "";
  find("login").href = `${scene.loginUrl}?returnTo=${encodeURIComponent(`/welcome?visit=${visit}`)}`;
  find("logout").href = `${scene.publicUrl}/logout`;
  for (const id of ["login", "logout"]) find(id).setAttribute("aria-disabled", String(isBusy));
  find("status-page").href = `${scene.publicUrl}/_alb`;
  for (const id of ["deploy", "crowd-login"]) find(id).disabled = isBusy;
  find("replay").disabled = isBusy || !scene.canReplay;
  renderModes();
  renderLogin();
  renderReplay();
  replace("instances", scene.instances.map(instanceCard));
  renderPeople();
  replace(
    "log",
    scene.log.map((sentence) => make("li", {}, sentence)),
  );
  askWhenChanged();
}

function askWhenChanged() {
  const instances = scene.instances.map(({ pid, health }) => [pid, health]);
  const about = JSON.stringify([scene.mode, scene.turn, instances]);
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
  find("explanation").className = `explanation ${scene.explanation.tone}`;
  const { answered, redeemed } = scene.login ?? {};
  const cookies = [
    ...(answered ? [cookieSentence("the POST", answered.cookies)] : []),
    ...(redeemed ? [cookieSentence("the GET that followed", redeemed.cookies)] : []),
  ];
  replace("explanation", [
    ...told(scene.explanation),
    ...cookies.map((sentence) => make("p", { class: "cookies" }, sentence)),
  ]);
}

function cookieSentence(request, names) {
  if (names.length === 0) return `No cookie came with ${request}.`;
  return `Cookies that came with ${request}: ${names.join(", ")}.`;
}

function renderReplay() {
  if (scene.replay === null) return replace("replay-result", []);
  const { results, explanation } = scene.replay;
  const lines = results.map(({ instance, error }) => {
    const isRefused = error !== null;
    return make(
      "li",
      { class: isRefused ? "good" : "bad" },
      make("strong", {}, `Instance ${instance} ${isRefused ? "refused" : "accepted"} it. `),
      isRefused ? `“${error}”` : "The thief is in.",
    );
  });
  replace("replay-result", [
    make("div", { class: `explanation ${explanation.tone}` }, ...told(explanation)),
    make("ul", { class: "results" }, ...lines),
  ]);
}

function renderPeople() {
  const mine = own?.mode === scene.mode ? own : null;
  replace("logout-result", logoutResult(scene, mine));
  replace(
    "people",
    peopleCards(scene, mine, (name) => act("logout-everywhere", name)),
  );
}

/** Each instance that runs is asked by itself who this browser is. */
async function askWhoIAm() {
  find("you").setAttribute("aria-busy", "true");
  const answers = await (await fetch("/whoami")).json();
  const known = answers.filter(({ user }) => user !== null);
  const knownBy = known.map(({ instance }) => instance);
  if (known.length > 0) own = { name: known[0].user, knownBy, mode: scene.mode };
  else if (own !== null) own = { ...own, knownBy };
  find("logout").hidden = known.length === 0;
  const isEverywhere = known.length === answers.length;
  replace("you", [
    make("span", {}, verdict(isEverywhere)),
    ...(known.length === 0 ? [] : answers.map(answerChip)),
  ]);
  renderPeople();
  find("you").setAttribute("aria-busy", "false");
}

function verdict(isEverywhere) {
  if (own?.mode !== scene.mode) return "You are not logged in.";
  const { name, knownBy } = own;
  if (knownBy.length > 0) {
    return `You are ${name} ${isEverywhere ? "at every instance" : `at instance ${inWords(knownBy)} only`}.`;
  }
  return scene.logout?.name === name
    ? "You have been logged out: the identity provider has ended your session."
    : "You have been logged out: the instance that had your session in its memory is gone.";
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
  const served = `${requests} request${requests === 1 ? "" : "s"}`;
  const about = `Release ${release}, process ${pid}: ${state}. ${served}.`;
  return make(
    "article",
    { class: `card instance ${name}${isRunning ? "" : " down"}` },
    make("h3", {}, `Instance ${name}`),
    make("p", {}, about),
    button,
  );
}
