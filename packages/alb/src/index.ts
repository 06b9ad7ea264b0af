export { startAlb } from "./start-alb.ts";
export type { Alb, AlbOptions, AlbStatus, TargetStatus } from "./start-alb.ts";
