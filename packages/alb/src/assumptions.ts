/**
 * The cells of the load balancer's behaviour that no vendor document settles. Each is a switch; the default is the
 * reading that the documents and the captures of third parties make most likely.
 */
export interface Assumptions {
  /** [I] The application's cookie came without a usable AWSALBAPP, and the answer does not set it. */
  readonly appCookieAlone: "remove" | "pin";
  /** [I] AWSALBAPP came without the application's cookie, and the answer does not set it. */
  readonly pairWithoutAppCookie: "remove" | "keep";
  /** [D, but no capture] A valid pair came, and the answer does not set the application's cookie. */
  readonly validPair: "reissue" | "keep";
  /** [I] The pinned target was unhealthy or gone, and the new target does not set the application's cookie. */
  readonly repin: "reissue" | "remove";
  /** [I] AWSALBAPP had run out or could not be read, and the answer does not set the application's cookie. */
  readonly expiredPair: "remove" | "pin";
  /** [?] `Secure` on AWSALBAPP at a plain-HTTP listener. AWS names the user agent as the only condition. */
  readonly secureOnHttp: "user_agent" | "never";
  /** [?] The balancer's cookies on the 101 that opens a WebSocket. */
  readonly cookiesOnUpgrade: boolean;
  /** [?] The balancer's cookies on its own 502 and 504. */
  readonly cookiesOnOwnAnswers: boolean;
  /** [?] When every target is unhealthy: do pinned clients stay where they are? */
  readonly stickyWhileFailingOpen: boolean;
  /** [?] Do targets see the balancer's own cookies? */
  readonly cookiesReachTargets: boolean;
  /** [O, unconfirmed] May a request leave its weighted group when that has no healthy target? */
  readonly groupFailover: boolean;
  /** [I] Classic: insert a new AWSELB when the instance of the old one failed. */
  readonly classicRepin: boolean;
}

export const defaultAssumptions: Assumptions = {
  appCookieAlone: "remove",
  pairWithoutAppCookie: "remove",
  validPair: "reissue",
  repin: "reissue",
  expiredPair: "remove",
  secureOnHttp: "user_agent",
  cookiesOnUpgrade: true,
  cookiesOnOwnAnswers: false,
  stickyWhileFailingOpen: true,
  cookiesReachTargets: true,
  groupFailover: false,
  classicRepin: true,
};

/** The values each assumption may have, for validation and for `--help`. */
export const assumptionValues: Readonly<Record<keyof Assumptions, readonly (string | boolean)[]>> = {
  appCookieAlone: ["remove", "pin"],
  pairWithoutAppCookie: ["remove", "keep"],
  validPair: ["reissue", "keep"],
  repin: ["reissue", "remove"],
  expiredPair: ["remove", "pin"],
  secureOnHttp: ["user_agent", "never"],
  cookiesOnUpgrade: [true, false],
  cookiesOnOwnAnswers: [false, true],
  stickyWhileFailingOpen: [true, false],
  cookiesReachTargets: [true, false],
  groupFailover: [false, true],
  classicRepin: [true, false],
};
