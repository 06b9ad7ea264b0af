import type { Answer, Attributes, SessionKey } from "../backend.ts";

/**
 * A synchronous, transactional table of rows: all that a store of one machine has to bring. The verbs of
 * {@link Backend} and {@link SharedState} are written once, as steps over such a table.
 */
export interface Table {
  /** What errors and metrics call it. */
  readonly name: string;
  /** Run a step on one consistent state. */
  read<T>(step: (rows: ReadableRows, now: number) => T): Answer<T>;
  /** Run a step alone, atomically; answers when its writes are kept. A step writes only after its last read. */
  write<T>(step: (rows: Rows, now: number) => T): Answer<T>;
  /** The keys of a group that start with `prefix`; one that is there throughout is given exactly once. */
  keys(group: string, prefix: string): AsyncIterable<string>;
  close(): Promise<void>;
}

export interface ReadableRows {
  /** `undefined` where there is none, or its time has passed. Throws on a row that cannot be decoded. */
  get(group: string, key: string): Row | undefined;
  /** All rows of a group, in no particular order. */
  list(group: string): readonly (readonly [key: string, row: Row])[];
}

export interface Rows extends ReadableRows {
  put(group: string, key: string, row: Row): void;
  delete(group: string, key: string): void;
}

/** Rows are never changed in place. */
export interface Row<B extends RowBody = RowBody> {
  /** When the row is over, in milliseconds of the table's clock. */
  readonly until: number;
  readonly body: B;
}

export type RowBody = LiveSession | MovedSession | Tombstone | SharedValue | PrincipalLink | Counter;

export interface LiveSession {
  readonly kind: "live";
  readonly createdAt: number;
  /** No `Map`: a table that clones or serialises rows keeps `[...attributes]`, and gives a `Map` back. */
  readonly attributes: Attributes;
  readonly writes: readonly SeenWrites[];
}

/** The write tokens seen of one writer, in ascending order. */
export interface SeenWrites {
  readonly writer: string;
  /** May hold more than `count` by now, which belong to a later row. A table that keeps rows as bytes keeps `count` of them. */
  readonly sequences: number[];
  /** Absent: all of them. */
  readonly count?: number;
}

/** A key after its rename: readable until `graceUntil`, a tombstone from then on. */
interface MovedSession {
  readonly kind: "moved";
  readonly createdAt: number;
  readonly attributes: Attributes;
  readonly movedTo: SessionKey;
  readonly graceUntil: number;
}

interface Tombstone {
  readonly kind: "tombstone";
}

interface SharedValue {
  readonly kind: "value";
  readonly value: string;
}

export interface PrincipalLink {
  readonly kind: "link";
  readonly entry: string;
  /** Grows with each link, over all principals of the table. */
  readonly order: number;
}

interface Counter {
  readonly kind: "counter";
  readonly last: number;
}
