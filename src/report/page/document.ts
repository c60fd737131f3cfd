/**
 * A page as its renderers get it: sections of a few kinds of blocks, in words and figures, with no markup and nothing escaped. Escaping is the renderer's, in one
 * place for its medium.
 */
import type { HopRow } from "./mtr-table.ts";

export interface Page {
  /** BCP 47. */
  readonly language: string;
  readonly title: string;
  /** The verdict in one line. */
  readonly headline: string;
  readonly findings: readonly string[];
  readonly sections: readonly Section[];
}

export interface Section {
  readonly title: string;
  /** Which of several peers it is about. */
  readonly peer?: string;
  readonly blocks: readonly Block[];
}

export type Block = TextBlock | FactsBlock | TableBlock | ListBlock | ChecksBlock | HopsBlock | StripBlock | CommandBlock;

export interface TextBlock {
  readonly kind: "text";
  readonly text: string;
}

export interface FactsBlock {
  readonly kind: "facts";
  readonly rows: readonly Fact[];
}

export interface Fact {
  readonly label: string;
  /** One line each. */
  readonly values: readonly string[];
  /** A sum, an id: not to be wrapped at words. */
  readonly isCode?: boolean;
}

export interface TableBlock {
  readonly kind: "table";
  readonly columns: readonly { readonly title: string; readonly align: "left" | "right" }[];
  readonly rows: readonly (readonly string[])[];
}

export interface ListBlock {
  readonly kind: "list";
  readonly items: readonly string[];
}

export interface ChecksBlock {
  readonly kind: "checks";
  readonly items: readonly {
    readonly state: "clean" | "suspect" | "unmeasured" | "info";
    readonly word: string;
    readonly name: string;
    readonly value: string;
  }[];
}

/** A table in mtr's layout. */
export interface HopsBlock {
  readonly kind: "hops";
  readonly title: string;
  readonly caption: string;
  /** Who traced. */
  readonly host: string;
  readonly rows: readonly HopRow[];
  readonly notes: readonly string[];
}

export interface StripBlock {
  readonly kind: "strip";
  readonly caption: string;
  /** One character a probe, as in the report. */
  readonly lines: readonly StripLine[];
  readonly legend: string;
  readonly marks: readonly { readonly mark: string; readonly name: string }[];
}

/** Stretches in which all was good are folded. */
export type StripLine =
  { readonly kind: "probes"; readonly at: string; readonly marks: string } | { readonly kind: "quiet"; readonly at: string; readonly text: string };

export interface CommandBlock {
  readonly kind: "command";
  readonly caption: string;
  readonly command: string;
}
