import { deflateRawSync } from "node:zlib";
import type { XmlNode } from "./xml-node.ts";

/** What we read of node-saml's profile: the assertion that its validation has proved. */
export interface NodeSamlProfile {
  getAssertion?(): Record<string, unknown>;
  getAssertionXml?(): string;
  getSamlResponseXml?(): string;
  readonly inResponseTo?: unknown;
  readonly attributes?: unknown;
  readonly nameID?: unknown;
  readonly nameIDFormat?: unknown;
}

export interface NodeSamlResult {
  readonly profile: NodeSamlProfile | null;
  readonly loggedOut: boolean;
}

/** What we use of `SAML` of @node-saml/node-saml 5.1. */
export interface NodeSaml {
  readonly options: {
    readonly callbackUrl: string;
    readonly issuer: string;
    readonly entryPoint?: string;
    readonly acceptedClockSkewMs: number;
    readonly wantAuthnResponseSigned: boolean;
  };
  validatePostResponseAsync(container: Record<string, string>): Promise<NodeSamlResult>;
  validatePostRequestAsync(container: Record<string, string>): Promise<NodeSamlResult>;
  validateRedirectAsync(container: never, originalQuery: string): Promise<NodeSamlResult>;
}

/** Steps of node-saml 5.1 that its public validation calls on itself. A step that is not called refuses. */
export interface Steps {
  getSignedAssertion(signedXml: string): Promise<string | null>;
  verifyLogoutResponse(document: XmlNode): Promise<void>;
  hasValidSignatureForRedirect(): Promise<boolean>;
  processValidlySignedPostRequestAsync(document: XmlNode, dom: unknown): Promise<NodeSamlResult>;
  processValidlySignedSamlLogoutAsync(document: XmlNode): Promise<NodeSamlResult>;
  validateRedirectAsync(container: Record<string, string>, originalQuery: string): Promise<NodeSamlResult>;
}

/**
 * A view of `saml` for one validation: it asks and changes no cache (so that an unsigned message cannot delete a
 * live request, https://github.com/node-saml/passport-saml/pull/341), and some of its steps are ours.
 */
export function validatorOf<Saml extends NodeSaml>(
  saml: Saml,
  steps: (original: Steps) => Partial<Steps>,
): Saml & Steps {
  const original = saml as Saml & Steps;
  const own = Object.entries(steps(original)).map(([name, value]) => [name, { value }] as const);
  return Object.create(saml, {
    options: { value: { ...saml.options, validateInResponseTo: "never" } },
    pemFiles: { value: [], writable: true },
    ...Object.fromEntries(own),
  }) as Saml & Steps;
}

/** Parse XML with node-saml's own parser: what was verified and what is read are then read alike. */
export async function readDocument(saml: NodeSaml, xml: string): Promise<XmlNode> {
  let read: XmlNode | undefined;
  const reader = validatorOf(saml, () => ({
    verifyLogoutResponse: async (document) => {
      read = document;
    },
    hasValidSignatureForRedirect: async () => true,
    processValidlySignedSamlLogoutAsync: async () => ({ profile: null, loggedOut: true }),
  }));
  const container = { SAMLResponse: deflateRawSync(xml).toString("base64") };
  await (reader as Steps).validateRedirectAsync(container, "");
  if (read === undefined) throw new Error("this release of node-saml reads messages in another way");
  return read;
}
