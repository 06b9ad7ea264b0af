export { type AffinityMiddleware, affinity, type KoaContext } from "./affinity.ts";
