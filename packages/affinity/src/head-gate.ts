import { editHead, type HeadArguments, type HeadEdit, type NodeResponse } from "./response-head.ts";

/** Says what a head needs when it is about to be written. */
export interface HeadEditor {
  /** Cheap, and asked first: false when the head needs nothing, whoever writes it. */
  readonly isPending: boolean;
  /** Null for nothing. */
  prepare(): HeadEdit | null;
}

/** Who waits for one head. The last to come is asked first. */
interface Waiting {
  readonly editor: HeadEditor;
  readonly older: Waiting | undefined;
}

type WriteHead = (...head: HeadArguments) => unknown;

/** Under this a response bears who waits for its head. */
const waiting: unique symbol = Symbol("unstick.affinity.waiting");

interface Gated {
  writeHead: WriteHead;
  readonly headersSent: boolean;
  [waiting]?: Waiting;
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
  gated[waiting] = { editor, older };
  if (older === undefined) gated.writeHead = gateBefore(gated);
}

function editFor(list: Waiting | undefined, response: Gated, head: HeadArguments): HeadArguments {
  let edited = head;
  for (let at = list; at !== undefined; at = at.older) {
    if (!at.editor.isPending) continue;
    if (response.headersSent || (head[0] >= 100 && head[0] < 200)) return head;
    const edit = at.editor.prepare();
    if (edit !== null) edited = editHead(response as unknown as NodeResponse, edited, edit);
  }
  return edited;
}

/** `writeHead` of a prototype → the gate before it, the same for all responses that inherit it. */
const gates = new WeakMap<WriteHead, WriteHead>();

/** Stands before whatever the response's `writeHead` is now. */
function gateBefore(response: Gated): WriteHead {
  const { writeHead } = response;
  const known = gates.get(writeHead);
  if (known !== undefined) return known;
  const gate = function (this: Gated, ...head: HeadArguments): unknown {
    return Reflect.apply(writeHead, this, editFor(this[waiting], this, head));
  };
  if (!Object.hasOwn(response, "writeHead")) gates.set(writeHead, gate);
  return gate;
}
