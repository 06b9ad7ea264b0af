export { type AffinityMiddleware, affinity } from "./affinity.ts";
