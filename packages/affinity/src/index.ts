export { cookieNameProblem, type ReservedCookiePrefix, reservedCookiePrefix } from "./cookie-name.ts";
