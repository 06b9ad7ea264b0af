import { lmdbState } from "@unstick/lmdb";
import { cacheProvider } from "../src/index.ts";
import { createSaml } from "./service-provider.ts";

/** A process of its own with node-saml on a shared file, told over IPC what to do. */
export interface Order {
  readonly verb: "open" | "begin" | "present";
  /** Path of the state, nothing, or the SAMLResponse. */
  readonly text: string;
  readonly certificate?: string;
}

let saml: ReturnType<typeof createSaml>;

async function obey({ verb, text, certificate }: Order): Promise<string> {
  if (verb === "open") {
    saml = createSaml(certificate ?? "", cacheProvider(lmdbState({ path: text })));
    return "open";
  }
  if (verb === "begin") return saml.getAuthorizeUrlAsync("", undefined, {});
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: text });
  return `accepted ${profile?.nameID}`;
}

process.on("message", (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: Error) => process.send?.(error.message),
  );
});
process.once("disconnect", () => process.exit());
