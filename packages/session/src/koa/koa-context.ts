import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

/** The parts of Koa that sessions need, in every major. */
export interface KoaContext {
  readonly app: KoaApp;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly ip?: string;
  readonly secure?: boolean;
  readonly cookies: KoaCookies;
  onerror(error: unknown): void;
}

export interface KoaApp extends EventEmitter {
  readonly context: object;
  /** Secrets, or a Keygrip. */
  readonly keys?: unknown;
  use(middleware: never): unknown;
}

interface KoaCookies {
  readonly keys?: { index(data: string, signature: string): number };
  get(name: string, options: { readonly signed: boolean }): string | undefined;
  set(name: string, value: string, options: object): unknown;
  /** Whether cookies are secure unless told otherwise. */
  readonly secure?: unknown;
}
