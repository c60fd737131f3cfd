/** The page for a mail or a form that takes plain text. */
import { escapeForTerminal } from "../escape.ts";
import { tableLines } from "../table.ts";
import { padEnd, textWidth } from "../width.ts";
import { wrap } from "../wrap.ts";
import type { Block, ChecksBlock, Fact, Page, StripBlock } from "./document.ts";
import { escapedRows, mtrLines } from "./mtr-table.ts";

const INDENT = "  ";

export function renderPageText(page: Page, { columns }: { readonly columns: number }): string {
  const width = columns - INDENT.length;
  const lines = [
    escapeForTerminal(page.title),
    "",
    ...wrap(escapeForTerminal(page.headline), columns),
    ...page.findings.flatMap((finding) => wrap(`- ${escapeForTerminal(finding)}`, columns, 2)),
    "",
    ...page.sections.flatMap(({ title, peer, blocks }) => [
      title.toUpperCase() + (peer === undefined ? "" : `: ${escapeForTerminal(peer)}`),
      ...blocks.flatMap((block) => blockLines(block, width)).map((line) => (line === "" ? "" : INDENT + line)),
      "",
    ]),
  ];
  const single = lines.filter((line, index) => line !== "" || lines[index + 1] !== "");
  while (single.at(-1) === "") single.pop();
  return `${single.join("\n")}\n`;
}

function blockLines(block: Block, width: number): string[] {
  switch (block.kind) {
    case "text":
      return wrap(escapeForTerminal(block.text), width);
    case "list":
      return block.items.flatMap((item) => wrap(`- ${escapeForTerminal(item)}`, width, 2));
    case "facts":
      return factLines(block.rows, width);
    case "table":
      return tableLines(
        block.rows.map((row) => row.map(escapeForTerminal)),
        block.columns.map(({ title, align }, index) => ({ title, align, cell: (row: readonly string[]) => row[index] ?? "" })),
      );
    case "checks":
      return checkLines(block);
    case "hops":
      return [
        `${block.title}  ${block.caption}`,
        ...(block.rows.length === 0 ? [] : mtrLines(escapedRows(block.rows), escapeForTerminal(block.host))),
        ...block.notes.flatMap((note) => wrap(`- ${escapeForTerminal(note)}`, width, 2)),
        "",
      ];
    case "strip":
      return stripLines(block);
    case "command":
      return [escapeForTerminal(block.caption), `${INDENT}${escapeForTerminal(block.command)}`];
    default:
      return block satisfies never;
  }
}

function factLines(rows: readonly Fact[], width: number): string[] {
  const label = Math.max(...rows.map((row) => textWidth(row.label))) + INDENT.length;
  return rows.flatMap((row) => {
    const lines = row.values.flatMap((value) => (row.isCode === true ? [escapeForTerminal(value)] : wrap(escapeForTerminal(value), width - label)));
    return lines.map((line, index) => padEnd(index === 0 ? row.label : "", label) + line);
  });
}

function checkLines({ items }: ChecksBlock): string[] {
  const column = (
    title: string,
    cell: (item: ChecksBlock["items"][number]) => string,
  ): Parameters<typeof tableLines<ChecksBlock["items"][number]>>[1][number] => ({
    title,
    align: "left",
    cell,
  });
  const [, ...lines] = tableLines(items, [
    column("", ({ word }) => word),
    column("", ({ name }) => name),
    column("", ({ value }) => escapeForTerminal(value)),
  ]);
  return lines;
}

function stripLines({ caption, lines, legend }: StripBlock): string[] {
  return [caption, ...lines.map((line) => `${line.at}  ${line.kind === "quiet" ? `… ${line.text} …` : line.marks}`.trimEnd()), `(${legend})`];
}
