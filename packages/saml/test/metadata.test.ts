import { memoryState } from "@unstick/session";
import express from "express";
import { generate } from "selfsigned";
import { expect, test } from "vitest";
import { samlRoutes } from "../src/express/index.ts";
import { createSaml } from "./service-provider.ts";

const pair = generate([{ name: "commonName", value: "sp" }], { keySize: 2048, algorithm: "sha256" });

/** What the metadata route of a service provider with these options sends; what fails is told to `onError`. */
async function metadataWith(options: object): Promise<{ body: string; errors: unknown[] }> {
  const errors: unknown[] = [];
  const { private: privateKey, cert: publicCert } = await pair;
  const saml = createSaml("MIIC", undefined, { privateKey, publicCert, decryptionPvk: privateKey });
  const routes = samlRoutes({
    saml,
    state: memoryState(),
    signIn: async () => {},
    onError: (error, _request, response) => {
      errors.push(error);
      response.status(500).end();
    },
    ...options,
  });
  const server = express().get("/metadata", routes.metadata).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const body = await (await fetch(`http://127.0.0.1:${port}/metadata`)).text();
  server.close();
  return { body, errors };
}

test("metadata names the key to sign with and the one to encrypt for", async () => {
  const { cert: decryptionCert } = await pair;
  const { body } = await metadataWith({ decryptionCert });
  const [, line = ""] = decryptionCert.split(/\r?\n/);
  expect(body.split(line)).toHaveLength(3);
  expect(body).toMatch(/use="signing"[\s\S]*use="encryption"/);
});

test("where it cannot name the second, it says what is missing", async () => {
  const { errors } = await metadataWith({});
  expect(errors).toEqual([
    expect.objectContaining({ message: expect.stringContaining("option decryptionCert") }),
  ]);
  await expect(metadataWith({ decryptionCert: 7 })).rejects.toThrow("option decryptionCert");
});
