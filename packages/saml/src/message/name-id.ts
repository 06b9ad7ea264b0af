import { digest } from "../digest.ts";
import { attribute, text, type XmlNode } from "./xml-node.ts";

/** Who somebody is to an identity provider. Names match when all parts do (core 3.7.3.1, 2.2.2). */
export interface NameId {
  readonly value: string;
  readonly format?: string;
  readonly nameQualifier?: string;
  readonly spNameQualifier?: string;
}

const UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

export function readNameId(node: XmlNode | undefined): NameId | undefined {
  const value = text(node);
  if (value === undefined || value === "") return undefined;
  return withoutUndefined({
    value,
    format: attribute(node, "Format"),
    nameQualifier: attribute(node, "NameQualifier"),
    spNameQualifier: attribute(node, "SPNameQualifier"),
  });
}

/**
 * What the index of sessions knows a principal by: 43 characters. A format that is left out is `unspecified`; a
 * qualifier that is left out stands for the identity provider, or for us (core 8.3.7).
 */
export function principalKey(scope: string, issuer: string, name: NameId, entityId: string): string {
  const { value, format = UNSPECIFIED, nameQualifier = issuer, spNameQualifier = entityId } = name;
  return digest("saml principal", scope, issuer, value, format, nameQualifier, spNameQualifier);
}

function withoutUndefined(name: { readonly [Part in keyof NameId]: NameId[Part] | undefined }): NameId {
  return Object.fromEntries(Object.entries(name).filter(([, part]) => part !== undefined)) as never;
}
