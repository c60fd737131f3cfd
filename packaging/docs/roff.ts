/**
 * Text as man(7) takes it. The renderers that turn a help text into a man page guess its structure back (help2man) or want another source (scdoc, ronn); ours has
 * its structure already, and needs no more than escapes and four macros. `mandoc -T lint` in the tests says whether they are right.
 */

/** Bytes of a line of source; mandoc's style. */
const MAX_LINE = 78;

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  '"': "\\(dq",
  "→": "\\(->",
};

/** As it is meant to be read, and copied: no character stands for another. */
export function escapeRoff(text: string): string {
  return text.replace(/[\\\-'`^~"→]/g, (character) => ESCAPES[character] ?? character);
}

/** Lines of running text; options in it are bold. */
export function textLines(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((piece) => piece !== "")) {
    const escaped = escapeRoff(word).replace(/\\-\\-[a-z](?:[a-z]|\\-)*/g, (option) => `\\fB${option}\\fR`);
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + escaped.length > MAX_LINE) lines.push(escaped);
    else lines[lines.length - 1] = `${last} ${escaped}`;
  }
  return lines.map(guarded);
}

export function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text) => [".PP", ...textLines(text)]);
}

/** A term and what it means; the head may hold font escapes and is given ready. */
export function entry(head: string, texts: readonly string[]): string[] {
  const [first = "", ...rest] = texts;
  return [".TP", guarded(head), ...textLines(first), ...rest.flatMap((text) => [".IP", ...textLines(text)])];
}

/** Command lines, as they are typed. */
export function example(lines: readonly string[]): string[] {
  return [".PP", ".RS 4", ".EX", ...lines.map((line) => guarded(escapeRoff(line))), ".EE", ".RE"];
}

export function bold(text: string): string {
  return `\\fB${escapeRoff(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${escapeRoff(text)}\\fR`;
}

export interface PageHead {
  readonly title: string;
  readonly section: 1 | 5;
  /** ISO date of the day the page was made. */
  readonly date: string;
  readonly source: string;
  readonly manual: string;
}

export function pageHead({ title, section, date, source, manual }: PageHead): string {
  return `.TH ${title.toUpperCase().replaceAll("-", "\\-")} ${section} "${date}" "${source}" "${manual}"`;
}

/** A line that begins with a dot or an apostrophe would be a command. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}
