import { createBrowserClient } from "@unstick/testbed";

/** How much of what was tried the application lost, or brought back. */
export interface Scene {
  readonly name: string;
  readonly tried: number;
  readonly lost: number;
}

/** One browser: a page of the application, with its cookies. */
type Visit = (page: string) => Promise<string>;

const ROUNDS = 10;
const VISITS = 60;

/** What happens every day behind a load balancer: requests of one browser that overlap. */
export async function playScenes(url: string): Promise<readonly Scene[]> {
  return [await countVisits(url), await useTwoTabs(url), await logOutInTime(url)];
}

async function countVisits(url: string): Promise<Scene> {
  const visits = await withBrowser(url, async (visit) => {
    await Promise.all(Array.from({ length: VISITS }, () => visit("/visit")));
    return JSON.parse(await visit("/")).visits as number;
  });
  return { name: "visits counted", tried: VISITS, lost: VISITS - visits };
}

async function useTwoTabs(url: string): Promise<Scene> {
  let lost = 0;
  for (let round = 0; round < ROUNDS; round++) {
    lost += await withBrowser(url, async (visit) => {
      await Promise.all([visit("/cart/book"), visit("/theme/dark")]);
      const { cart, theme } = JSON.parse(await visit("/")) as { cart: string; theme: string };
      return Number(cart !== "book") + Number(theme !== "dark");
    });
  }
  return { name: "changes in two tabs at once", tried: 2 * ROUNDS, lost };
}

async function logOutInTime(url: string): Promise<Scene> {
  let lost = 0;
  for (let round = 0; round < ROUNDS; round++) {
    lost += await withBrowser(url, async (visit, shown) => {
      const report = visit("/report");
      await new Promise((resolve) => setTimeout(resolve, 20));
      await visit("/logout");
      await report;
      // A copy of the cookie, as a thief or another machine has it.
      return Number(JSON.parse(await shown("/")).user !== "nobody");
    });
  }
  return { name: "logouts while a report is made", tried: ROUNDS, lost };
}

/** A browser that has logged in, and what anybody sees who shows the cookies it had then. */
async function withBrowser<Answer>(
  url: string,
  play: (visit: Visit, shown: Visit) => Promise<Answer>,
): Promise<Answer> {
  const client = createBrowserClient();
  try {
    await client.get(`${url}/login/ada`);
    const cookie = (await client.cookies(url)).map((one) => one.cookieString()).join("; ");
    const shown: Visit = async (page) => {
      return (await fetch(url + page, { headers: { cookie, connection: "close" } })).text();
    };
    return await play(async (page) => (await client.get(url + page)).body, shown);
  } finally {
    client.close();
  }
}
