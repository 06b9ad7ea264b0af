import type { Backend } from "../backend.ts";

/** A further power of a backend: what its server says of itself. Asked for when metrics are collected. */
export interface BackendStatistics {
  statistics(): Promise<ServerStatistics>;
}

export interface ServerStatistics {
  /** Keys that the server threw out for want of memory, since it started: sessions may be among them. */
  readonly evictedKeys?: number;
  /** How far the replica that is furthest behind is behind. Absent: there is none. */
  readonly replicationDelayMs?: number;
}

export function hasStatistics(backend: Backend): backend is Backend & BackendStatistics {
  return "statistics" in backend && typeof backend.statistics === "function";
}
