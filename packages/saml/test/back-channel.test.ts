import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createBrowserClient, type Page } from "@unstick/testbed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Fleet, signIn, startFleet } from "./fleet.ts";
import { envelope, isSignedBy, SOAP } from "./soap.ts";

/** A LogoutRequest by SOAP: from the identity provider itself, without a browser. */
describe.each(["express", "koa"] as const)("the back channel on %s", (framework) => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(framework);
  });
  afterAll(() => fleet.close());

  const send = (body: string, type = "text/xml; charset=utf-8"): Promise<Page> =>
    createBrowserClient().post(`${fleet.url}/logout`, { body, headers: { "content-type": type } });
  const request = (logout = {}): string => Buffer.from(fleet.idp.logoutRequest(logout), "base64").toString();

  test("ends 5 sessions wherever they were made, and answers a LogoutResponse that is signed", async () => {
    const browsers = [];
    for (let made = 0; made < 5; made += 1) browsers.push(await signIn(fleet));
    const bystander = await signIn(fleet, { nameId: "bob@example.org" });
    const answer = await send(envelope(request({ id: "_the-request" })));
    expect([answer.status, answer.headers["content-type"]]).toEqual([
      200,
      expect.stringMatching(/^text\/xml/),
    ]);
    expect(answer.body).toMatch(/InResponseTo="_the-request"[\s\S]*status:Success/);
    expect(answer.setCookie).toEqual([]);
    expect(isSignedBy(answer.body, fleet.certificate)).toBe(true);
    for (const browser of browsers) expect((await browser.get(fleet.url)).body).toBe("nobody");
    expect((await bystander.get(fleet.url)).body).toBe("bob@example.org");
  });

  test("what is unsigned, forged, foreign, malformed or too large ends nothing: a fault, and an event", async () => {
    const person = { nameId: `cyd-${framework}@example.org` };
    const browser = await signIn(fleet, person);
    const genuine = request(person);
    const told: unknown[] = [];
    const listen = (message: unknown) => void told.push(message);
    subscribe("unstick.saml.refused", listen);
    const bad: readonly (readonly [body: string, code: string])[] = [
      [envelope(genuine.replaceAll(/<ds:Signature[\s\S]*?<\/ds:Signature>/g, "")), "REFUSED"],
      [envelope(genuine.replace("@example.org", "@example.com")), "REFUSED"],
      [envelope(genuine + genuine), "MALFORMED"],
      [envelope(""), "MALFORMED"],
      [envelope("<x/>"), "REFUSED"],
      [genuine, "MALFORMED"],
      [envelope(genuine).replace(SOAP, "urn:other"), "MALFORMED"],
      [`<!DOCTYPE x>${envelope(genuine).replace(/^.*\n/, "")}`, "MALFORMED"],
      ["no XML", "MALFORMED"],
      [envelope("<a/>".repeat(5_000)), "MALFORMED"],
      ["A".repeat(600_000), "MALFORMED"],
    ];
    for (const [body, code] of bad) {
      const { status, body: fault } = await send(body);
      expect([status, fault]).toEqual([
        500,
        expect.stringContaining(`ERR_UNSTICK_SAML_${code}</faultstring>`),
      ]);
    }
    unsubscribe("unstick.saml.refused", listen);
    expect(told).toEqual(bad.map(([, code]) => ({ scope: "default", code: `ERR_UNSTICK_SAML_${code}` })));
    expect((await browser.get(fleet.url)).body).toBe(person.nameId);
    expect((await send(envelope(genuine), "text/plain")).status).toBe(400);
    expect((await browser.get(fleet.url)).body).toBe(person.nameId);
    expect((await send(envelope(genuine))).status).toBe(200);
    expect((await browser.get(fleet.url)).body).toBe("nobody");
  });
});
