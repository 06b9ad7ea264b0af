import { createRequire } from "node:module";
import { promisify } from "node:util";
import { OptionError } from "@unstick/session";
import { assertSoundLibrary } from "../message/library.ts";
import { childElements, parseXml, toPem, type XmlTools, xmlToolsOf } from "../message/verified-xml.ts";
import type { SamlLibrary } from "./saml-library.ts";

/** saml2-js's `ServiceProvider`, 4.0.4 or later. */
export interface Saml2ServiceProvider {
  post_assert(idp: never, options: never, done: never): void;
}

/** Its fields, which its published types do not name. */
interface ServiceProviderFields {
  readonly entity_id?: unknown;
  readonly assert_endpoint?: unknown;
  readonly private_key?: string;
  readonly alt_private_keys?: readonly string[];
}

interface Asserted {
  readonly user?: { readonly name_id?: unknown; readonly attributes?: unknown };
}

type PostAssert = (
  idp: object,
  options: {
    readonly request_body: { readonly SAMLResponse: string };
    readonly require_session_index: boolean;
  },
  done: (error: Error | null, asserted?: Asserted) => void,
) => void;

type Decrypt = (xml: string, options: { readonly key: string }) => Promise<string>;

/** Throws {@link SamlVersionError} for a release with known holes, {@link OptionError} for what lacks a field. */
export function saml2Library(
  sp: Saml2ServiceProvider,
  idp: object,
  issuer: string,
  clockSkewMs: number,
): SamlLibrary {
  const path = assertSoundLibrary(sp, "saml2-js");
  const { entity_id: entityId, assert_endpoint: callbackUrl } = sp as ServiceProviderFields;
  if (typeof entityId !== "string" || typeof callbackUrl !== "string") {
    throw new OptionError("sp", "must have an entity_id and an assert_endpoint");
  }
  const { certificates } = idp as { readonly certificates?: readonly unknown[] };
  if (!Array.isArray(certificates) || !certificates.every((one) => typeof one === "string")) {
    throw new OptionError("idp", "must have certificates");
  }
  if (typeof issuer !== "string" || issuer === "") {
    throw new OptionError(
      "idpEntityId",
      "must be the identity provider's entity id; saml2-js does not know it",
    );
  }
  const tools = xmlToolsOf(path);
  const decrypt = decryptor(sp as ServiceProviderFields, path, tools);
  return {
    trust: { tools, certificates, issuer, entityId, callbackUrl, clockSkewMs, decrypt },
    signingKey: pemOf((sp as ServiceProviderFields).private_key),
    validate: async (SAMLResponse) => {
      // Only logouts need a SessionIndex, and they find a session without one as well.
      const options = { request_body: { SAMLResponse }, require_session_index: false };
      const postAssert = promisify((sp.post_assert as unknown as PostAssert).bind(sp));
      const { user } = (await postAssert(idp, options)) ?? {};
      return { nameId: user?.name_id, attributes: user?.attributes };
    },
  };
}

function pemOf(key: string | undefined): string | undefined {
  return key ? toPem(key, "PRIVATE KEY") : undefined;
}

/** saml2-js keeps the decrypted assertion to itself; its own decryption is asked again. */
function decryptor(
  sp: ServiceProviderFields,
  path: string,
  tools: XmlTools,
): (response: string) => Promise<string> {
  const { decrypt } = createRequire(path)("xml-encryption") as { readonly decrypt: never };
  const open = promisify(decrypt) as Decrypt;
  const keys = [sp.private_key, ...(sp.alt_private_keys ?? [])].filter((key) => key !== undefined);
  return async (response) => {
    const [encrypted] = childElements(parseXml(tools, response), "EncryptedAssertion");
    for (const key of keys) {
      const opened = await open(String(encrypted), { key: toPem(key, "PRIVATE KEY") }).catch(() => null);
      if (opened !== null) return opened;
    }
    throw new Error("no private key opens the assertion");
  };
}
