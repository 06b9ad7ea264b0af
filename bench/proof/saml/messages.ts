/** How an instance remembers logins. */
export type Subject = "unstick" | "naive" | "default";

export interface InstanceOrder {
  readonly subject: Subject;
  readonly redisUrl: string;
  readonly certificate: string;
  readonly callbackUrl: string;
  readonly entityId: string;
  /** How long a command to the store may take. */
  readonly patienceMs: number;
}

export type Call =
  | { readonly verb: "begin" }
  /** Serve the routes of a service provider; the reply's text is the port. */
  | { readonly verb: "listen" }
  | {
      readonly verb: "present";
      readonly answer: string;
      readonly policy?: "unsolicited" | "lenient";
      /** Make a session under this id if it is accepted. */
      readonly sessionId?: string;
    }
  | { readonly verb: "isAlive"; readonly sessionId: string }
  | { readonly verb: "logout"; readonly request: string };

export interface Reply {
  readonly number: number;
  /** The id of the request that was begun, or the code of a refusal. */
  readonly text: string;
  readonly isYes: boolean;
}
