/** An element as node-saml's parser gives it: attributes under `$`, text under `_`, children by local name. */
export type XmlNode = { readonly [name: string]: unknown };

/** The children of that name; none is an empty list. */
export function children(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  const found = node !== undefined && Object.hasOwn(node, name) ? node[name] : undefined;
  if (!Array.isArray(found)) return [];
  return found.map((child) => (typeof child === "object" && child !== null ? child : { _: String(child) }));
}

export function child(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return children(node, name)[0];
}

export function attribute(node: XmlNode | undefined, name: string): string | undefined {
  const attributes = node?.$;
  if (typeof attributes !== "object" || attributes === null || !Object.hasOwn(attributes, name)) {
    return undefined;
  }
  const value = (attributes as Readonly<Record<string, unknown>>)[name];
  return typeof value === "string" ? value : undefined;
}

export function text(node: XmlNode | undefined): string | undefined {
  return typeof node?._ === "string" ? node._.trim() : undefined;
}

/** Milliseconds since 1970 of an attribute that holds an instant; `undefined`: absent or no instant. */
export function instant(node: XmlNode | undefined, name: string): number | undefined {
  const written = attribute(node, name);
  const time = written === undefined ? Number.NaN : Date.parse(written);
  return Number.isNaN(time) ? undefined : time;
}
