/** The page for a tracker that renders GitHub's markdown; where none does, it still reads. */
import { escapeForTerminal } from "../escape.ts";
import type { Block, Page } from "./document.ts";
import { escapeMarkdown, fenced } from "./escape-markdown.ts";
import { escapedRows, mtrLines } from "./mtr-table.ts";

export function renderPageMarkdown(page: Page): string {
  const lines = [
    `# ${escapeMarkdown(page.title)}`,
    "",
    `**${escapeMarkdown(page.headline)}**`,
    "",
    ...(page.findings.length === 0 ? [] : [...page.findings.map((finding) => `- ${escapeMarkdown(finding)}`), ""]),
    ...page.sections.flatMap(({ title, peer, blocks }) => [
      `## ${escapeMarkdown(peer === undefined ? title : `${title}: ${peer}`)}`,
      "",
      ...blocks.flatMap((block) => [...blockLines(block), ""]),
    ]),
  ];
  while (lines.at(-1) === "") lines.pop();
  return `${lines.join("\n")}\n`;
}

function blockLines(block: Block): string[] {
  switch (block.kind) {
    case "text":
      return [escapeMarkdown(block.text)];
    case "list":
      return block.items.map((item) => `- ${escapeMarkdown(item)}`);
    case "facts":
      return table(
        ["", ""],
        ["left", "left"],
        block.rows.map(({ label, values }) => [escapeMarkdown(label), values.map(escapeMarkdown).join("<br>")]),
      );
    case "table":
      return table(
        block.columns.map(({ title }) => escapeMarkdown(title)),
        block.columns.map(({ align }) => align),
        block.rows.map((row) => row.map(escapeMarkdown)),
      );
    case "checks":
      return block.items.map(({ word, name, value }) => {
        const text = value === "" ? name : `${name}: ${value}`;
        return `- **${escapeMarkdown(word)}** ${escapeMarkdown(text)}`;
      });
    case "hops":
      return [
        `**${escapeMarkdown(block.title)}** ${escapeMarkdown(block.caption)}`,
        "",
        ...(block.rows.length === 0 ? [] : fenced(mtrLines(escapedRows(block.rows), escapeForTerminal(block.host)))),
        ...(block.notes.length === 0 ? [] : ["", ...block.notes.map((note) => `- ${escapeMarkdown(note)}`)]),
      ];
    case "strip":
      return [
        escapeMarkdown(block.caption),
        "",
        ...fenced([
          ...block.lines.map((line) => `${line.at}  ${line.kind === "quiet" ? `… ${line.text} …` : line.marks}`.trimEnd()),
          `(${block.legend})`,
        ]),
      ];
    case "command":
      return [escapeMarkdown(block.caption), "", ...fenced([escapeForTerminal(block.command)])];
    default:
      return block satisfies never;
  }
}

function table(titles: readonly string[], aligns: readonly ("left" | "right")[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(titles), line(aligns.map((align) => (align === "right" ? "---:" : "---"))), ...rows.map(line)];
}
