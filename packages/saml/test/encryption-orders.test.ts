import { memoryState } from "@unstick/session";
import { generate } from "selfsigned";
import { beforeAll, describe, expect, test } from "vitest";
import { protect } from "../src/index.ts";
import { type EncryptingIdp, type Order, type Signed, startEncryptingIdp } from "./encrypting-idp.ts";
import { createSaml } from "./service-provider.ts";
import { beginAt, finishAt, saml2Instance, samlifyInstance } from "./stateless-libraries.ts";

/** Encrypted assertions, in either order of signing and encrypting: what a library takes by itself is taken, once. */
let idp: EncryptingIdp;
let stranger: EncryptingIdp;
let decryptionKey = "";
beforeAll(async () => {
  const pair = await generate([{ name: "commonName", value: "sp" }], { keySize: 2048, algorithm: "sha256" });
  decryptionKey = pair.private;
  [idp, stranger] = [await startEncryptingIdp(pair.cert), await startEncryptingIdp(pair.cert)];
});

const orders: readonly Order[] = ["encrypt, then sign", "sign, then encrypt"];
const kinds: readonly Signed[] = ["assertion", "Response", "both"];
const accepted = "accepted ada@example.org";
const refused = "ERR_UNSTICK_SAML_REFUSED";
/** saml2-js and node-saml verify a Response as it came only. */
const beyond = new Set([
  "saml2-js: sign, then encrypt; signed: Response",
  "node-saml: sign, then encrypt; signed: Response",
]);

describe.each(orders.flatMap((order) => kinds.map((signed) => [order, signed] as const)))(
  "%s; signed: %s",
  (order, signed) => {
    const hopeless = (library: string): boolean => beyond.has(`${library}: ${order}; signed: ${signed}`);

    test.each([
      ["samlify", samlifyInstance],
      ["saml2-js", saml2Instance],
    ] as const)("under %s", async (library, make) => {
      const [state, options] = [memoryState(), { decryptionKey }];
      const [a, b] = [make(idp, state, options), make(idp, state, options)];
      const { requestId, cookie } = await beginAt(a);
      const answer = await idp.encrypted({ requestId }, order, signed);
      expect(Buffer.from(answer, "base64").toString()).not.toContain("ada@");
      const foreign = await stranger.encrypted({ requestId }, order, signed);
      expect(await finishAt(b, a, foreign, cookie)).toBe(refused);
      const alone = a.validateAlone(answer).then(
        () => accepted,
        () => refused,
      );
      expect(await alone).toBe(hopeless(library) ? refused : accepted);
      expect(await finishAt(b, a, answer, cookie)).toBe(await alone);
      if (hopeless(library)) return;
      expect(await finishAt(a, b, answer, undefined)).toBe("ERR_UNSTICK_SAML_REQUEST_USED");
    });

    test("under node-saml", async () => {
      const settings = {
        // A signature that was made before the encryption does not hold for what came.
        wantAuthnResponseSigned: signed !== "assertion" && order === "encrypt, then sign",
        wantAssertionsSigned: signed !== "Response",
        decryptionPvk: decryptionKey,
      };
      const state = memoryState();
      const make = () =>
        protect(createSaml(idp.certificate, undefined, settings), { state, unsolicited: "accept" });
      const present = async (SAMLResponse: string): Promise<string> =>
        make()
          .validatePostResponseAsync({ SAMLResponse })
          .then(
            ({ profile }) => `accepted ${profile?.nameID}`,
            (error: { readonly code: string }) => error.code,
          );
      const answer = await idp.encrypted({ requestId: "" }, order, signed);
      expect(await present(await stranger.encrypted({ requestId: "" }, order, signed))).toBe(refused);
      expect(await present(answer)).toBe(hopeless("node-saml") ? refused : accepted);
      if (hopeless("node-saml")) return;
      expect(await present(answer)).toBe("ERR_UNSTICK_SAML_ASSERTION_USED");
    });
  },
);
