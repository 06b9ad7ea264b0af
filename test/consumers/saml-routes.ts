import assert from "node:assert/strict";
import { SAML } from "@node-saml/node-saml";
import { createSamlState } from "@unstick/saml";
import { samlRoutes } from "@unstick/saml/express";
import { samlRoutes as koaRoutes } from "@unstick/saml/koa";
import { memoryBackend, memoryState } from "@unstick/session";
import express from "express";
import Koa from "koa";
import { fetchOnce } from "./fetch-once.ts";

/** The metadata of a service provider, and the beginning of a login that the state remembers. */
export async function smoke(): Promise<void> {
  const saml = new SAML({
    callbackUrl: "https://app.example.org/acs",
    entryPoint: "https://idp.example.org/sso",
    issuer: "https://app.example.org/metadata",
    idpCert: "MIIB",
  });
  const state = createSamlState({ backend: memoryState() });
  const options = { saml, state, sessions: memoryBackend(), signIn: () => Promise.resolve() };
  const app = express();
  app.get("/", samlRoutes(options).metadata);
  assert.match((await fetchOnce(app)).body, /AssertionConsumerService/);
  const koa = new Koa();
  koa.use(koaRoutes(options).metadata);
  assert.match((await fetchOnce(koa.callback())).body, /AssertionConsumerService/);
}
