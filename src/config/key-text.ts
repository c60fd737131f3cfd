/** How the keys of a configuration file are documented; the man pages and the comments of the shipped files are made from it. */

export interface KeyText {
  readonly key: string;
  /** Noun phrase; the range and the default follow it. */
  readonly what: string;
  /** What kind of value it takes, for the head of the entry. */
  readonly value:
    | "duration"
    | "integer"
    | "rate"
    | "bit rate"
    | "size"
    | "boolean"
    | "path"
    | "name"
    | "address"
    | "map"
    | "word"
    | "list"
    | "address and port"
    | "URL or list"
    | "address and port, or list"
    | "path or URL";
  readonly range?: readonly [min: string, max: string];
  /** All that a "word" may be. */
  readonly words?: readonly string[];
  /** As it could be written in the file; null where nothing that could be written stands for it. */
  readonly default: string | null;
  /** In words, where `default` does not say it. "required" where there is none. */
  readonly defaultWords?: string;
  /** Why one would change it and what it costs, whole sentences. */
  readonly more: string;
  /** What the shipped file shows; default: the default. */
  readonly example?: string;
  /** Keys below this one. */
  readonly keys?: readonly KeyText[];
}

export interface SectionText {
  readonly section: string;
  /** A sentence; null where the keys speak for themselves. */
  readonly intro: string | null;
  /** Written as a comment in the shipped file: it has no sensible value that fits everybody. */
  readonly isExample: boolean;
  readonly keys: readonly KeyText[];
}

/** One paragraph: what, range or words, default, why. */
export function keyParagraph(text: KeyText): string {
  const range = text.range === undefined ? "" : `, ${text.range[0]} to ${text.range[1]}`;
  const byDefault = text.defaultWords === "required" ? "Required" : `Default: ${text.defaultWords ?? text.default ?? "none"}`;
  const words = text.words === undefined ? "" : `: ${text.words.slice(0, -1).join(", ")} or ${text.words.at(-1)}`;
  return [`${text.what}${range}${words}.`, `${byDefault}.`, text.more].filter((part) => part !== "").join(" ");
}
