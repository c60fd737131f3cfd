/**
 * The page as one file that asks nobody for anything: no script, no picture from elsewhere, no font but the reader's own, and a policy that forbids the rest. Written
 * as XML would be (every element closed, every attribute quoted), so that a parser can prove that nothing in it was opened by a name from the network.
 */
import { escapeForTerminal } from "../escape.ts";
import type { Block, ChecksBlock, Page, StripBlock, TableBlock } from "./document.ts";
import { escapeHtml } from "./escape-html.ts";
import { STYLE } from "./html-style.ts";
import { escapedRows, mtrLines } from "./mtr-table.ts";
import { markSvg, stripSvg } from "./strip-svg.ts";

export function renderPageHtml(page: Page): string {
  const findings = page.findings.length === 0 ? "" : `<ul>${page.findings.map((finding) => `<li>${escapeHtml(finding)}</li>`).join("")}</ul>`;
  const sections = page.sections.map(
    ({ title, peer, blocks }) =>
      `<section>\n<h2>${escapeHtml(peer === undefined ? title : `${title}: ${peer}`)}</h2>\n${blocks.map(block).join("\n")}\n</section>`,
  );
  return `<!DOCTYPE html>
<html lang="${escapeHtml(page.language)}">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>${escapeHtml(page.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(page.title)}</h1>
<div class="verdict"><p>${escapeHtml(page.headline)}</p>${findings}</div>
${sections.join("\n")}
</main>
</body>
</html>
`;
}

function block(one: Block): string {
  switch (one.kind) {
    case "text":
      return `<p>${escapeHtml(one.text)}</p>`;
    case "list":
      return `<ul>${one.items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
    case "facts":
      return `<dl>${one.rows
        .map(({ label, values, isCode }) => {
          const tag = isCode === true ? "code" : "span";
          return `<dt>${escapeHtml(label)}</dt><dd>${values.map((value) => `<${tag}>${escapeHtml(value)}</${tag}>`).join("<br/>")}</dd>`;
        })
        .join("")}</dl>`;
    case "table":
      return table(one);
    case "checks":
      return checks(one);
    case "hops":
      return `<h3>${escapeHtml(one.title)} <small>${escapeHtml(one.caption)}</small></h3>${
        one.rows.length === 0 ? "" : `<pre>${mtrLines(escapedRows(one.rows), escapeForTerminal(one.host)).map(entities).join("\n")}</pre>`
      }${one.notes.length === 0 ? "" : `<ul class="notes">${one.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("")}</ul>`}`;
    case "strip":
      return strip(one);
    case "command":
      return `<p>${escapeHtml(one.caption)}</p><pre class="command">${escapeHtml(one.command)}</pre>`;
    default:
      return one satisfies never;
  }
}

/** Of text whose control characters are escaped already, as the width of a table needs it. */
function entities(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function table({ columns, rows }: TableBlock): string {
  const cells = (tag: "th" | "td", texts: readonly string[]): string =>
    texts.map((text, index) => `<${tag}${columns[index]?.align === "right" ? ' class="figure"' : ""}>${escapeHtml(text)}</${tag}>`).join("");
  const head = cells(
    "th",
    columns.map(({ title }) => title),
  );
  const body = rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("");
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function checks({ items }: ChecksBlock): string {
  const rows = items.map(
    ({ state, word, name, value }) =>
      `<li class="${state}"><b>${escapeHtml(word)}</b> <span>${escapeHtml(name)}</span>${value === "" ? "" : ` <i>${escapeHtml(value)}</i>`}</li>`,
  );
  return `<ul class="checks">${rows.join("")}</ul>`;
}

function strip({ caption, lines, marks }: StripBlock): string {
  const rows = lines.map((line) => {
    const at = `<span class="at">${escapeHtml(line.at)}</span>`;
    return line.kind === "quiet" ? `<div class="quiet">${at}<span>${escapeHtml(line.text)}</span></div>` : `<div>${at}${stripSvg(line.marks)}</div>`;
  });
  const keys = marks.map(({ mark, name }) => `<span>${markSvg(mark)}${escapeHtml(name)}</span>`).join(" ");
  return `<p>${escapeHtml(caption)}</p><div class="strip">${rows.join("")}</div><p class="legend">${keys}</p>`;
}
