/** RFC 9110 section 5.6.2 `token`, which RFC 6265 section 4.1.1 makes the grammar of a cookie name. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * AWS reserves names by prefix: AWSALB covers AWSALBAPP, AWSALBTG, AWSALBCORS and AWSALBTGCORS (ELBv2 API,
 * TargetGroupAttribute `stickiness.app_cookie.cookie_name`). AWSELB is the Classic Load Balancer's cookie and
 * the start of ALB's own AWSELBAuthSessionCookie: AWS does not refuse it, but two writers of one cookie lose.
 */
const reservedPrefixes = ["AWSALB", "AWSELB"] as const;

export type ReservedCookiePrefix = (typeof reservedPrefixes)[number];

/**
 * The load balancer's prefix that this name starts with, or null. Letter case is ignored: whether AWS compares
 * case is not documented, and a name that is safe either way costs nothing.
 */
export function reservedCookiePrefix(name: string): ReservedCookiePrefix | null {
  const start = name.slice(0, 6).toUpperCase();
  return reservedPrefixes.find((prefix) => prefix === start) ?? null;
}

/**
 * What is wrong with a name for an application's sticky cookie, as a sentence with the rule and the remedy;
 * null when it may be used. Total: any string is answered, none throws.
 */
export function cookieNameProblem(name: string): string | null {
  if (name === "") return "is empty; give the cookie name that the target group is configured with";
  if (!token.test(name)) {
    return "is not a cookie name: RFC 6265 allows letters, digits and !#$%&'*+-.^_`|~ only; rename the cookie";
  }
  const prefix = reservedCookiePrefix(name);
  if (prefix === null) return null;
  return (
    `starts with ${prefix}, which the load balancer reserves for its own cookies ` +
    "(in any letter case, here); choose a name of your own, like MYAPP"
  );
}
