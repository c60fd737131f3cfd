/** Text → the root value of its one YAML document, or one ConfigError that says where the YAML itself is wrong. */
import { type ErrorCode, LineCounter, type YAMLError, parseDocument } from "yaml";
import { ConfigError } from "./config-error.ts";
import { Value } from "./value.ts";

/** Longest message of the YAML library that is passed on, characters. */
const MAX_MESSAGE = 160;

/** The library's words where they would puzzle somebody who writes YAML twice a year. */
const PLAIN: Partial<Record<ErrorCode, string>> = {
  BLOCK_AS_IMPLICIT_KEY:
    "this line does not fit the one before, or holds a second `: `; put each key on a line of its own, indented like its neighbours",
  KEY_OVER_1024_CHARS: "a key is longer than 1024 characters; is a quote or bracket not closed?",
  MULTILINE_IMPLICIT_KEY: "a key goes over several lines; is a space missing after a colon?",
  MULTIPLE_DOCS: "a second YAML document starts here; keep one (remove the `---`)",
  RESOURCE_EXHAUSTION: "lists and maps are nested too deeply; no key here needs more than four levels",
  TAB_AS_INDENT: "a tab is used as indentation; use spaces",
};
const NOT_CLOSED = "a [ list or { map } ends nowhere before here; add its closing bracket";
const ADVICE: Partial<Record<ErrorCode, string>> = {
  BAD_DQ_ESCAPE: "use single quotes, or write \\\\ for a backslash",
  BAD_INDENT: "indent it like its neighbours",
  BAD_SCALAR_START: "put the value in quotes",
  MISSING_CHAR: "add it",
  TAG_RESOLVE_FAILED: "remove the tag",
};

const EMPTY_PEERS = "nothing is configured; write at least `peers: []`, or start from the peers.yaml that ships with meshprobe";

/** Throws ConfigError for anything that is not exactly one YAML document with something in it; `empty` is what it says of one with nothing. */
export function readDocument(text: string, file: string, empty: string = EMPTY_PEERS): Value {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: "error" });
  const problem = firstOf([...document.errors, ...document.warnings]);
  if (problem !== null) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new ConfigError("syntax", explain(problem), { file, line: Math.max(line, 1), column: Math.max(col, 1), cause: problem });
  }
  const root = new Value({ file, lines }, { node: document.contents, offset: document.contents?.range[0] ?? 0, path: "" });
  if (root.isNull) {
    throw new ConfigError("empty", empty, { file, line: 1, column: 1 });
  }
  return root;
}

function firstOf(problems: readonly YAMLError[]): YAMLError | null {
  return problems.reduce<YAMLError | null>((first, problem) => (first === null || problem.pos[0] < first.pos[0] ? problem : first), null);
}

function explain(problem: YAMLError): string {
  const plain = problem.code === "BAD_INDENT" && problem.message.startsWith("Flow") ? NOT_CLOSED : PLAIN[problem.code];
  if (plain !== undefined) return plain;
  const words = problem.message.replace(/[\s\p{C}]+/gu, " ").replace(/(['"])quote$/, "quote ($1)");
  const clipped = words.length > MAX_MESSAGE ? `${words.slice(0, MAX_MESSAGE - 1)}…` : words;
  return `${clipped.charAt(0).toLowerCase()}${clipped.slice(1)}; ${ADVICE[problem.code] ?? "correct the YAML here"}`;
}
