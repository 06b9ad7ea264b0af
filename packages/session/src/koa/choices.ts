import type { KoaSessionConfig } from "./middleware-options.ts";
import type { RequestOptions } from "./store-rule.ts";

/** The options of one request: the middleware's, until somebody asks for a copy to change. */
export class Choices {
  readonly #config: KoaSessionConfig;
  #own: RequestOptions | undefined;

  constructor(config: KoaSessionConfig) {
    this.#config = config;
  }

  get now(): Readonly<RequestOptions> {
    return this.#own ?? this.#config;
  }

  get own(): RequestOptions {
    this.#own ??= { ...this.#config };
    return this.#own;
  }
}
