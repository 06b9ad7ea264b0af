import { inFlight } from "../in-flight.ts";
import { all, answerFor, type Bed, none, person, replays, type SamlMeasure } from "./bed.ts";
import { browserMeasures } from "./browser-measures.ts";
import { disturbedRaces } from "./disturbances.ts";

function omitInResponseTo(xml: string): string {
  return xml.replace(/(<saml:SubjectConfirmationData[^>]*) InResponseTo="[^"]*"/, "$1");
}

function stripResponse(answer: string): string {
  const xml = Buffer.from(answer, "base64").toString("utf8");
  const stripped = xml.replace(/(<samlp:Response[^>]*) InResponseTo="[^"]*"/, "$1");
  return Buffer.from(stripped).toString("base64");
}

export const samlMeasures: readonly SamlMeasure[] = [
  {
    name: "logins begun on one instance, ended on another",
    mustBe: "all succeed",
    counts: [10_000, 100],
    measure: async (bed, rounds) => {
      let count = 0;
      await inFlight(rounds, 8, async () => {
        const answer = await answerFor(bed);
        const { isYes } = await bed.fleet.next().call({ verb: "present", answer });
        if (isYes) count += 1;
      });
      return { count, of: rounds };
    },
    isGood: all,
  },
  {
    name: "one response presented 8 times at once: rounds with exactly one acceptance",
    mustBe: "all",
    counts: [10_000, 100],
    measure: async (bed, rounds) => {
      let count = 0;
      for (let round = 0; round < rounds; round += 1) {
        if ((await bed.fleet.presentAtOnce(await answerFor(bed), 8)) === 1) count += 1;
      }
      return { count, of: rounds };
    },
    isGood: all,
  },
  ...disturbedRaces,
  {
    name: "a response replayed after its login: accepted",
    mustBe: "0",
    counts: [1_000, 10],
    measure: async (bed, rounds) => {
      let count = 0;
      for (let round = 0; round < rounds; round += 1)
        count += Math.max(0, (await replays(bed, await answerFor(bed), 4)) - 1);
      return { count, of: 3 * rounds };
    },
    isGood: none,
  },
  {
    name: "an unsolicited response replayed, where unsolicited ones are accepted: accepted",
    mustBe: "0",
    counts: [1_000, 10],
    measure: async (bed, rounds) => {
      let count = 0;
      for (let round = 0; round < rounds; round += 1) {
        const answer = await bed.idp.answer({ requestId: "", nameId: person });
        count += Math.max(0, (await replays(bed, answer, 4, "unsolicited")) - 1);
      }
      return { count, of: 3 * rounds };
    },
    isGood: none,
  },
  {
    name: "Response/@InResponseTo stripped (only the assertion signed): accepted",
    mustBe: "0",
    counts: [1_000, 10],
    measure: async (bed, rounds) => {
      let count = 0;
      for (let round = 0; round < rounds; round += 1) {
        const stripped = stripResponse(await answerFor(bed, { isMessageSigned: false }));
        count += await replays(bed, stripped, 3, "lenient");
      }
      return { count, of: 3 * rounds };
    },
    isGood: none,
  },
  {
    name: "InResponseTo omitted in SubjectConfirmationData: accepted",
    mustBe: "0",
    counts: [1_000, 10],
    measure: async (bed, rounds) => {
      let count = 0;
      for (let round = 0; round < rounds; round += 1) {
        count += await replays(bed, await answerFor(bed, { edit: omitInResponseTo }), 3);
      }
      return { count, of: 3 * rounds };
    },
    isGood: none,
  },
  {
    name: "unsigned forged Response for a live request: genuine one still succeeds",
    mustBe: "all",
    counts: [1_000, 10],
    measure: async (bed, rounds) => {
      let count = 0;
      for (let round = 0; round < rounds; round += 1) {
        const { text: requestId } = await bed.fleet.next().call({ verb: "begin" });
        const xml = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" InResponseTo="${requestId}"/>`;
        const forged = Buffer.from(xml).toString("base64");
        for (const instance of bed.fleet.instances) await instance.call({ verb: "present", answer: forged });
        const genuine = await bed.idp.answer({ requestId, nameId: person });
        count += await replays(bed, genuine, 1);
      }
      return { count, of: rounds };
    },
    isGood: all,
  },
  {
    name: "IdP logout by POST without a cookie, 5 sessions on 3 instances: ended",
    mustBe: "all",
    counts: [200, 4],
    measure: async (bed, rounds) => {
      let count = 0;
      for (let round = 0; round < rounds; round += 1) count += await endedByLogout(bed, round);
      return { count, of: 5 * rounds };
    },
    isGood: all,
  },
  {
    name: "assertion after its logout: accepted",
    mustBe: "0",
    counts: [1_000, 10],
    measure: async (bed, rounds) => {
      let count = 0;
      for (let round = 0; round < rounds; round += 1) {
        const nameId = `late-${round}@example.org`;
        const late = await answerFor(bed, { nameId });
        const request = bed.idp.logoutRequest({ nameId });
        await bed.fleet.next().call({ verb: "logout", request });
        count += await replays(bed, late, 1);
      }
      return { count, of: rounds };
    },
    isGood: none,
  },
  ...browserMeasures,
];

async function endedByLogout(bed: Bed, round: number): Promise<number> {
  const nameId = `person-${round}@example.org`;
  const ids = Array.from({ length: 5 }, (_, at) => `${bed.subject} ${round} ${at}`);
  for (const sessionId of ids) {
    const begun = await bed.fleet.instances[0]!.call({ verb: "begin" });
    const answer = await bed.idp.answer({ requestId: begun.text, nameId });
    // Where logins cannot end elsewhere, they end where they began: the logout is what is measured.
    const at = bed.subject === "default" ? bed.fleet.instances[0]! : bed.fleet.next();
    await at.call({ verb: "present", answer, sessionId });
  }
  const request = bed.idp.logoutRequest({ nameId });
  await bed.fleet.next().call({ verb: "logout", request });
  const asked = ids.map((sessionId) => bed.fleet.next().call({ verb: "isAlive", sessionId }));
  return (await Promise.all(asked)).filter(({ isYes }) => !isYes).length;
}
