export const find = (id) => document.getElementById(id);

export function make(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Put children in the place of what an element holds; a button that had the focus keeps it. */
export function replace(id, children) {
  const container = find(id);
  const focused = container.contains(document.activeElement) ? document.activeElement.textContent : null;
  container.replaceChildren(...children);
  if (focused === null) return;
  for (const button of container.querySelectorAll("button"))
    if (button.textContent === focused) button.focus();
}

/** What happened, in words. */
export function told({ headline, sentences }) {
  return [make("h3", {}, headline), ...sentences.map((sentence) => make("p", {}, sentence))];
}

/** `["A", "B", "C"]` as `A, B and C`. */
export function inWords(items) {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
