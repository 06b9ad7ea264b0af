import { all, type Bed, type Count, none, person, type SamlMeasure } from "./bed.ts";
import { Site } from "./browser.ts";

/** How many victims are shown one answer of the attacker's: a refusal of ours leaves it good. */
const VICTIMS = { unstick: 100, naive: 1, default: 1 } as const;

/** What needs a browser's cookies: the routes, over HTTP. */
export const browserMeasures: readonly SamlMeasure[] = [
  {
    name: "login CSRF, an attacker's answer posted by a victim's browser: signed in",
    mustBe: "0",
    counts: [10_000, 100],
    measure: async (bed, rounds) => {
      const site = await Site.open(bed);
      let count = 0;
      const victims = VICTIMS[bed.subject];
      for (let tried = 0; tried < rounds; tried += victims) {
        count += await forge(bed, site, Math.min(victims, rounds - tried));
      }
      return { count, of: rounds };
    },
    isGood: none,
  },
  {
    name: "store down between request and answer: a page that says so with a way to retry, and nobody signed in",
    mustBe: "all",
    counts: [10, 2],
    measure: storeDown,
    isGood: all,
  },
];

async function forge({ idp, subject }: Bed, site: Site, victims: number): Promise<number> {
  const attacker = await site.begin();
  const answer = await idp.answer({ requestId: attacker.requestId, nameId: person });
  let count = 0;
  for (let victim = 0; victim < victims; victim += 1) {
    // Every other victim has a login of its own under way; the rest began nothing.
    const cookie = victim % 2 === 0 ? (await site.begin()).cookie : "";
    const { isSignedIn } = await site.post(answer, cookie);
    if (isSignedIn) count += 1;
  }
  // The answer was good all the time: a try that shows nothing else shows nothing.
  const own = await site.post(answer, attacker.cookie);
  if (subject === "unstick" && !own.isSignedIn) throw new Error("the attacker's own login failed");
  return count;
}

async function storeDown({ redis, idp, ...bed }: Bed, rounds: number): Promise<Count> {
  const site = await Site.open({ redis, idp, ...bed });
  let count = 0;
  for (let round = 0; round < rounds; round += 1) {
    const { requestId, cookie } = await site.begin();
    const answer = await idp.answer({ requestId, nameId: person });
    await redis.kill();
    const { status, body, isSignedIn } = await site.post(answer, cookie);
    await redis.restart();
    if (status === 503 && /nothing was accepted[\s\S]*href="\/login"/.test(body) && !isSignedIn) count += 1;
    while ((await site.visit("/login")).status !== 302)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { count, of: rounds };
}
