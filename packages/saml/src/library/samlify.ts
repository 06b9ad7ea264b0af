import { createPrivateKey } from "node:crypto";
import { createRequire } from "node:module";
import { OptionError } from "@unstick/session";
import { assertSoundLibrary } from "../message/library.ts";
import { toPem, xmlToolsOf } from "../message/verified-xml.ts";
import type { SamlLibrary } from "./saml-library.ts";

/** samlify's `ServiceProvider`, 2.10 or later. */
export interface SamlifyServiceProvider {
  readonly entityMeta: {
    getEntityID(): string;
    getAssertionConsumerService(binding: string): unknown;
  };
  parseLoginResponse(idp: never, binding: never, request: never): Promise<{ readonly extract: unknown }>;
}

/** samlify's `IdentityProvider`. */
export interface SamlifyIdentityProvider {
  readonly entityMeta: {
    getEntityID(): string;
    getX509Certificate(use: never): unknown;
  };
}

type ParseResponse = (
  idp: object,
  binding: "post",
  request: { readonly body: { readonly SAMLResponse: string } },
) => Promise<{ readonly extract: unknown }>;

/** What of its settings signs what it sends. */
interface SigningSettings {
  readonly privateKey?: string | Buffer;
  readonly privateKeyPass?: string;
}

interface SamlLib {
  decryptAssertion(sp: object, response: string): Promise<readonly [document: string, assertion: string]>;
}

/** Throws {@link SamlVersionError} for a release with known holes, {@link OptionError} for what lacks metadata. */
export function samlifyLibrary(
  sp: SamlifyServiceProvider,
  idp: SamlifyIdentityProvider,
  clockSkewMs: number,
): SamlLibrary {
  const path = assertSoundLibrary(sp, "samlify");
  const { SamlLib } = createRequire(path)(path) as { readonly SamlLib: SamlLib };
  const callbackUrl = sp.entityMeta.getAssertionConsumerService("post");
  if (typeof callbackUrl !== "string") {
    throw new OptionError("sp", "must have one assertionConsumerService with the binding HTTP-POST");
  }
  const getCertificate = idp.entityMeta.getX509Certificate as (use: "signing") => unknown;
  const certificates = [getCertificate.call(idp.entityMeta, "signing")].flat(3);
  if (!certificates.every((certificate) => typeof certificate === "string")) {
    throw new OptionError("idp", "must have a signing certificate");
  }
  return {
    trust: {
      tools: xmlToolsOf(path),
      certificates,
      issuer: idp.entityMeta.getEntityID(),
      entityId: sp.entityMeta.getEntityID(),
      callbackUrl,
      clockSkewMs,
      decrypt: async (response) => (await SamlLib.decryptAssertion(sp, response))[1],
    },
    signingKey: signingKeyOf(sp),
    validate: async (SAMLResponse) => {
      const parse = sp.parseLoginResponse as unknown as ParseResponse;
      const { extract } = await parse.call(sp, idp, "post", { body: { SAMLResponse } });
      const { nameID: nameId, attributes } = extract as Readonly<Record<string, unknown>>;
      return { nameId, attributes };
    },
  };
}

function signingKeyOf(sp: SamlifyServiceProvider): string | undefined {
  const { entitySetting } = sp as { readonly entitySetting?: SigningSettings };
  const { privateKey, privateKeyPass: passphrase } = entitySetting ?? {};
  if (!privateKey) return undefined;
  const key = toPem(privateKey.toString(), "PRIVATE KEY");
  const opened = createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
  return opened.export({ type: "pkcs8", format: "pem" }).toString();
}
