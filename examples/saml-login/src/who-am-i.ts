/** An instance that can be asked past the balancer. */
export interface Askable {
  readonly name: string;
  readonly url: string;
  readonly isRunning: boolean;
}

export interface WhoAmI {
  readonly instance: string;
  /** Whom a browser with these cookies is to that instance; null: nobody. */
  readonly user: string | null;
}

/**
 * Ask each running instance who a browser with these cookies is. Nothing of the answers reaches the browser, least of all
 * a cookie: an instance that does not know a session would have it forgotten, and to ask must change nothing.
 */
export function whoAmI(cookie: string, instances: readonly Askable[]): Promise<WhoAmI[]> {
  const running = instances.filter(({ isRunning }) => isRunning);
  return Promise.all(
    running.map(async ({ name, url }) => ({ instance: name, user: await ask(`${url}/whoami`, cookie) })),
  );
}

async function ask(url: string, cookie: string): Promise<string | null> {
  try {
    const answer = await fetch(url, { headers: { cookie } });
    const { user } = (await answer.json()) as { readonly user?: string | null };
    return user ?? null;
  } catch {
    return null; // It has died meanwhile.
  }
}
