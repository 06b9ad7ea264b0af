import { inWords, make, told } from "./dom.js";

/**
 * Everybody's sessions, a card for each person. `own`: the session of this browser, `{ name, knownBy }`, or null if
 * it has had none in this mode. `logOut` is called with a name.
 */
export function peopleCards(scene, own, logOut) {
  const sessions = [...ownSession(own), ...scene.crowd];
  const names = [...new Set(sessions.map(({ name }) => name))].sort();
  if (names.length === 0) return [make("p", { class: "empty" }, "Nobody has logged in yet.")];
  const running = scene.instances.filter(({ isRunning }) => isRunning).map(({ name }) => name);
  return names.map((name) => {
    const theirs = sessions.filter((session) => session.name === name);
    return personCard(name, theirs, running, scene.busy, logOut);
  });
}

function ownSession(own) {
  if (own === null) return [];
  return [{ ...own, device: "this browser", status: own.knownBy.length > 0 ? "logged in" : "logged out" }];
}

function personCard(name, sessions, instances, busy, logOut) {
  const button = make("button", { type: "button", class: "button" }, "Log out everywhere");
  const isKnown = sessions.some(({ knownBy }) => knownBy.length > 0);
  button.disabled = busy !== null || !isKnown;
  button.setAttribute("aria-label", `Log ${name} out everywhere`);
  button.addEventListener("click", () => logOut(name));
  return make(
    "article",
    { class: "card person", "data-name": name },
    make("h3", {}, name),
    make("ul", {}, ...sessions.map((session) => sessionLine(session, instances))),
    button,
  );
}

function sessionLine({ device, knownBy, status }, instances) {
  const isKnown = knownBy.length > 0;
  return make(
    "li",
    { class: status === "logged in" ? "good" : "bad" },
    make("span", {}, device),
    make(
      "span",
      { class: "places", "aria-hidden": "true" },
      ...instances.map((name) => place(name, knownBy)),
    ),
    make(
      "span",
      { class: "status" },
      isKnown ? status : status === "logged in" ? "logged in nowhere" : status,
    ),
    make("span", { class: "visually-hidden" }, isKnown ? ` at ${inWords(knownBy)}` : ""),
  );
}

function place(name, knownBy) {
  return make("span", { class: `place ${name}${knownBy.includes(name) ? " known" : ""}` }, name);
}

/** What the identity provider's logout came to, this browser's own session included. */
export function logoutResult({ logout }, own) {
  if (logout === null) return [];
  const { tone, headline, sentences } = logout.explanation;
  const isLeft = own !== null && own.name === logout.name && own.knownBy.length > 0;
  const whole = isLeft
    ? {
        tone: "bad",
        headline: tone === "bad" ? headline : `${logout.name} was not logged out everywhere`,
        sentences: [...sentences, `This browser is still logged in, at instance ${inWords(own.knownBy)}.`],
      }
    : logout.explanation;
  return [make("div", { class: `explanation ${whole.tone}` }, ...told(whole))];
}
