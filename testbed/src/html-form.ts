import { type HTMLElement, parse } from "node-html-parser";

/** A form of a page, ready to be sent: what a browser would submit without a script having run. */
export interface HtmlForm {
  readonly method: "GET" | "POST";
  /** Absolute. */
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** The first form of a page that matches a CSS selector; throws when there is none. */
export function readForm(html: string, pageUrl: string, selector = "form"): HtmlForm {
  const form = parse(html).querySelector(selector);
  if (form === null) throw new Error(`no ${selector} on the page ${pageUrl}`);
  const action = form.getAttribute("action");
  return {
    method: form.getAttribute("method")?.toUpperCase() === "POST" ? "POST" : "GET",
    action: new URL(action ?? "", pageUrl).href,
    fields: Object.fromEntries(form.querySelectorAll("input, textarea, select").flatMap(readField)),
  };
}

function readField(field: HTMLElement): [string, string][] {
  const name = field.getAttribute("name");
  const type = field.getAttribute("type")?.toLowerCase();
  const isToggle = type === "checkbox" || type === "radio";
  if (name === undefined || type === "submit" || field.hasAttribute("disabled")) return [];
  if (isToggle && !field.hasAttribute("checked")) return [];
  return [[name, readValue(field, isToggle ? "on" : "")]];
}

function readValue(field: HTMLElement, fallback: string): string {
  if (field.tagName === "TEXTAREA") return field.text;
  if (field.tagName !== "SELECT") return field.getAttribute("value") ?? fallback;
  const chosen = field.querySelector("option[selected]") ?? field.querySelector("option");
  return chosen?.getAttribute("value") ?? chosen?.text ?? fallback;
}
