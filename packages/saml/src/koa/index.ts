export { type KoaRoutes, type KoaRoutesOptions, samlRoutes } from "./saml-routes.ts";
