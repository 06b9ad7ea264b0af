/** A fenced block of a document. */
export interface Block {
  readonly document: string;
  /** Line of the document on which the block's text begins, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** From a first line such as `// app.ts`: the block is run under that name. */
  readonly fileName: string | undefined;
}

const fence = /^ {0,3}(`{3,}|~{3,})\s*([\w-]*)/;

/** CommonMark section 4.5: a fence is closed by one of the same kind that is at least as long. */
export function readBlocks(document: string, markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { mark: string; language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of markdown.split("\n").entries()) {
    const [, mark = "", language = ""] = fence.exec(line) ?? [];
    if (open === undefined) {
      if (mark !== "") open = { mark, language, line: index + 2, lines: [] };
    } else if (mark.startsWith(open.mark) && line.trim() === mark) {
      blocks.push(toBlock(document, open));
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  return blocks;
}

function toBlock(document: string, open: { language: string; line: number; lines: string[] }): Block {
  const fileName = /^\/\/ ([\w-]+\.[cm]?[jt]s)$/.exec(open.lines[0] ?? "")?.[1];
  return { document, line: open.line, language: open.language, text: `${open.lines.join("\n")}\n`, fileName };
}
