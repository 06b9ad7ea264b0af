/** Draws one login: a lane for each machine, a column for each step. */

const lanes = ["Identity provider", "Instance A", "Instance B", "Instance C"];
const columns = [
  "1. Log in",
  "2. Sign in there",
  "3. Answer, by POST",
  "4. You come for it",
  "5. The next page",
];
const left = 140;
const columnWidth = 178;
const top = 44;
const laneHeight = 46;
const width = left + columns.length * columnWidth;
const height = top + lanes.length * laneHeight;

/** The steps of a login that have happened, and the one that is awaited. */
export function stepsOf(login) {
  if (login === null) return [];
  const steps = [{ lane: `Instance ${login.begunBy}`, note: "made the request", tone: "good" }];
  steps.push({
    lane: lanes[0],
    note: login.isSignedIn ? "signed an answer" : "is waiting",
    tone: login.isSignedIn ? "good" : "pending",
  });
  if (login.answered) steps.push(instanceStep(login.answered, "kept it for you", "refused it"));
  if (login.redeemed) steps.push(instanceStep(login.redeemed, "let you in", "refused it"));
  if (login.welcomed) steps.push(instanceStep(login.welcomed, "knows you", "does not know you"));
  return steps;
}

function instanceStep({ instance, refusal }, good, bad) {
  return {
    lane: `Instance ${instance}`,
    note: refusal === null ? good : bad,
    tone: refusal === null ? "good" : "bad",
  };
}

/** The same in words, for those who do not see the drawing. */
export function timelineText(steps) {
  return steps.map(({ lane, note }, index) => `Step ${index + 1}: ${lane} ${note}.`).join(" ");
}

export function drawTimeline(steps) {
  const svg = element("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-labelledby": "timeline-text",
  });
  columns.forEach((title, index) => {
    svg.append(text(title, left + index * columnWidth + 6, 20, "step-title"));
  });
  lanes.forEach((name, index) => {
    svg.append(
      element("line", { x1: left, x2: width - 8, y1: laneY(index), y2: laneY(index), class: "lane" }),
    );
    svg.append(text(name, 4, laneY(index) + 5, "lane-name"));
  });
  const points = steps.map(({ lane }, index) => [
    left + index * columnWidth + 18,
    laneY(lanes.indexOf(lane)),
  ]);
  for (let index = 1; index < points.length; index += 1) svg.append(curve(points[index - 1], points[index]));
  steps.forEach((step, index) => {
    svg.append(...drawStep(step, points[index]));
  });
  return svg;
}

function drawStep({ note, tone }, [x, y]) {
  const mark = { good: "✓", bad: "✕", pending: "" }[tone];
  return [
    element("circle", { cx: x, cy: y, r: 12, class: `dot ${tone}` }),
    text(mark, x, y + 5, "mark"),
    text(note, x + 20, y - 8, "note"),
  ];
}

function curve([x1, y1], [x2, y2]) {
  const middle = (x1 + x2) / 2;
  return element("path", { d: `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`, class: "path" });
}

function laneY(index) {
  return top + index * laneHeight + laneHeight / 2;
}

function text(content, x, y, className) {
  const node = element("text", { x, y, class: className });
  node.textContent = content;
  return node;
}

function element(name, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
