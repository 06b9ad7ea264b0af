import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";

export type NodeResponse = ServerResponse | Http2ServerResponse;

/** The head that is about to be written, wherever the application put it. */
export interface Head {
  /** The values of a header; none when it is not set. */
  read(name: string): readonly string[];
  /** Sets a header to these values; to none removes it. */
  write(name: string, values: readonly string[]): void;
}

/** What a head needs. */
export type HeadEdit = (head: Head) => void;

/** What `writeHead` is called with. */
export type HeadArguments = [status: number, ...rest: unknown[]];

/** The head with the edit done on it. Its headers are after the optional reason. */
export function editHead(response: NodeResponse, head: HeadArguments, edit: HeadEdit): HeadArguments {
  const at = head[2] === undefined || head[2] === null ? 1 : 2;
  const headers = head[at];
  if (typeof headers !== "object" || headers === null) {
    edit(new SetHeaders(response));
    return head;
  }
  const given = Array.isArray(headers)
    ? new ListedHeaders(response, headers)
    : new NamedHeaders(response, headers);
  edit(given);
  return head.with(at, given.headers) as HeadArguments;
}

/** Headers set on the response before. */
class SetHeaders implements Head {
  protected readonly response: NodeResponse;

  constructor(response: NodeResponse) {
    this.response = response;
  }

  read(name: string): readonly string[] {
    return readValues(this.response.getHeader(name));
  }

  write(name: string, values: readonly string[]): void {
    if (values.length === 0) this.response.removeHeader(name);
    else this.response.setHeader(name, values.length === 1 ? values[0]! : [...values]);
  }
}

/** `writeHead(200, { name: value })`: what it names wins over what was set before. */
class NamedHeaders extends SetHeaders {
  headers: Readonly<Record<string, unknown>>;

  constructor(response: NodeResponse, headers: object) {
    super(response);
    this.headers = headers as Readonly<Record<string, unknown>>;
  }

  override read(name: string): readonly string[] {
    const own = Object.keys(this.headers).filter((key) => isSameName(key, name));
    if (own.length === 0) return super.read(name);
    return own.flatMap((key) => readValues(this.headers[key]));
  }

  override write(name: string, values: readonly string[]): void {
    const rest = Object.entries(this.headers).filter(([key]) => !isSameName(key, name));
    this.headers = Object.fromEntries(rest);
    super.write(name, values);
  }
}

/** `writeHead(200, [name, value, …])`, which names a header as often as it has values; or a list of pairs. */
class ListedHeaders extends SetHeaders {
  headers: readonly unknown[];

  constructor(response: NodeResponse, headers: readonly unknown[]) {
    super(response);
    this.headers = headers;
  }

  override read(name: string): readonly string[] {
    const own = this.#pairs().filter(([key]) => isSameName(key, name));
    if (own.length === 0) return super.read(name);
    return own.flatMap(([, value]) => readValues(value));
  }

  /** A list goes to the wire as it is only while nothing was set: Node 20 drops repetitions once it merges. */
  override write(name: string, values: readonly string[]): void {
    const hasSet = this.response.getHeaderNames().length > 0;
    const rest = this.#pairs().filter(([key]) => !isSameName(key, name));
    const added = hasSet ? [] : values.map((value): [string, string] => [name, value]);
    const pairs = [...rest, ...added];
    this.headers = Array.isArray(this.headers[0]) ? pairs : pairs.flat();
    if (hasSet) super.write(name, values);
  }

  #pairs(): [unknown, unknown][] {
    if (Array.isArray(this.headers[0])) return this.headers as [unknown, unknown][];
    const pairs: [unknown, unknown][] = [];
    for (let at = 0; at < this.headers.length; at += 2) pairs.push([this.headers[at], this.headers[at + 1]]);
    return pairs;
  }
}

function isSameName(key: unknown, name: string): boolean {
  return String(key).toLowerCase() === name.toLowerCase();
}

function readValues(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}
