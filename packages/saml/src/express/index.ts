export { type ExpressRoutes, type ExpressRoutesOptions, samlRoutes } from "./saml-routes.ts";
