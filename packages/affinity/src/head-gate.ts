import { editHead, type HeadArguments, type HeadEdit, type NodeResponse } from "./response-head.ts";

/** Says what a head needs when it is about to be written. */
export interface HeadEditor {
  /** Cheap, and asked first: false when the head needs nothing, whoever writes it. */
  readonly isPending: boolean;
  /** Null for nothing. */
  prepare(): HeadEdit | null;
}

type WriteHead = (...head: HeadArguments) => unknown;

/** Under this a response bears who waits for its head. */
const waiting: unique symbol = Symbol("unstick.affinity.waiting");

interface Gated {
  writeHead: WriteHead;
  readonly headersSent: boolean;
  [waiting]?: HeadEditor;
}

/**
 * Asks `editor` each time a final head is about to be written, last thing before Node takes it, and has the edit
 * that it answers done on it. Explicit and implicit heads meet in `writeHead`, on HTTP/1 and in HTTP/2's
 * compatibility layer alike; 1xx heads have ways of their own. A head that Node then refuses comes by again, so
 * an edit must be repeatable. A head that needs none goes on as it came.
 */
export function beforeHead(response: NodeResponse, editor: HeadEditor): void {
  const gated = response as unknown as Gated;
  const older = gated[waiting];
  gated[waiting] = older === undefined ? editor : new Both(editor, older);
  if (older === undefined) gated.writeHead = gateBefore(gated);
}

/** Two that wait for one head. The last to come is asked first. */
class Both implements HeadEditor {
  readonly #editor: HeadEditor;
  readonly #older: HeadEditor;

  constructor(editor: HeadEditor, older: HeadEditor) {
    this.#editor = editor;
    this.#older = older;
  }

  get isPending(): boolean {
    return this.#editor.isPending || this.#older.isPending;
  }

  prepare(): HeadEdit | null {
    const edits = [this.#editor, this.#older]
      .filter(({ isPending }) => isPending)
      .map((editor) => editor.prepare());
    return (head) => {
      for (const edit of edits) edit?.(head);
    };
  }
}

/** `writeHead` of a prototype → the gate before it, the same for all responses that inherit it. */
const gates = new WeakMap<WriteHead, WriteHead>();

/** Stands before whatever the response's `writeHead` is now. */
function gateBefore(response: Gated): WriteHead {
  const { writeHead } = response;
  const known = gates.get(writeHead);
  if (known !== undefined) return known;
  const gate = function (this: Gated, ...head: HeadArguments): unknown {
    const editor = this[waiting];
    if (editor?.isPending !== true || this.headersSent || isInformational(head[0]))
      return Reflect.apply(writeHead, this, head);
    const edit = editor.prepare();
    const edited = edit === null ? head : editHead(this as unknown as NodeResponse, head, edit);
    return Reflect.apply(writeHead, this, edited);
  };
  if (!Object.hasOwn(response, "writeHead")) gates.set(writeHead, gate);
  return gate;
}

function isInformational(status: number): boolean {
  return status >= 100 && status < 200;
}
