export interface StrategyEnd {
  readonly user?: unknown;
  readonly redirect?: string;
  readonly error?: Error & { readonly code?: string };
}

interface AnyStrategy {
  authenticate(request: never, options: never): void;
}

/** One request through a strategy, with the actions that passport would give it. */
export function runStrategy(
  strategy: object,
  { host = "sp.test", body }: { readonly host?: string; readonly body?: object },
): Promise<StrategyEnd> {
  return new Promise((resolve) => {
    const acting = Object.assign(Object.create(strategy) as AnyStrategy, {
      success: (user: unknown) => resolve({ user }),
      fail: (info: unknown) => resolve({ error: new Error(String(info)) }),
      error: (error: Error) => resolve({ error }),
      redirect: (redirect: string) => resolve({ redirect }),
      pass: () => resolve({}),
    });
    const request = { headers: { host }, query: {}, body, url: "/acs" };
    acting.authenticate(request as never, {} as never);
  });
}
