/**
 * Sentences that are stored, or told by the agent, in English and shown in another language: each stands in a table, under a name, with {places}. Whoever makes one
 * says its name and its values; whoever shows one looks for the template that it was made of and fills that of the other language. So what was stored years ago,
 * or came from another node, is known too, and a sentence without its other language does not compile.
 *
 * Names of places say what may stand there. In capitals: a phrase of its own, from the table of parts ("the running agent (pid 4711)"). `n`, `of` and `code`: one
 * word. All others: anything. A template is held against a text from left to right without a step back, so that a hostile text costs no more than a long one.
 */
export type Phrases = Readonly<Record<string, string>>;

export type Places<Template extends string> = Template extends `${string}{${infer Place}}${infer Rest}` ? Place | Places<Rest> : never;

type Values<Template extends string> = [Places<Template>] extends [never] ? [] : [values: Readonly<Record<Places<Template>, string | number>>];

declare const SAID: unique symbol;

/** A text that is known in every language. */
export type Said = string & { readonly [SAID]: never };

/** Says a phrase of the table. */
export type Say<Table extends Phrases> = <Name extends keyof Table & string>(name: Name, ...values: Values<Table[Name]>) => Said;

/** A sentence in another language; one that is not known stays as it is. */
export type Translate = (text: string) => string;

/** A table, and the same in the other language. */
export interface Pair<Table extends Phrases = Phrases> {
  readonly from: Table;
  readonly to: Readonly<Record<keyof Table, string>>;
}

export interface Dictionary {
  readonly phrases: readonly Pair[];
  /** Of the places in capitals. */
  readonly parts: readonly Pair[];
}

/** Nothing of ours is longer; and what others have written need not be searched for our words. */
const MAX_TEXT = 2_000;
/** Between sentences that were put together, the wider one first. */
const JOINTS: readonly { readonly from: string; readonly to: string }[] = [
  { from: "; ", to: "；" },
  { from: ", ", to: "，" },
];
const ONE_WORD: readonly string[] = ["n", "of", "code"];

export function sayer<const Table extends Phrases>(table: Table): Say<Table> {
  return (name, ...[values]) => fillIn(partsOf(table[name] ?? ""), (place) => String(values?.[place as keyof typeof values] ?? "")) as Said;
}

/** Commands, and the words of others: the same in every language. */
export function verbatim(text: string): Said {
  return text as Said;
}

export function translator(dictionary: Dictionary): Translate {
  const find = finder(dictionary);
  return (text) => (text.length > MAX_TEXT ? text : (find(text) ?? text));
}

/** Null for what is not known, or holds a part that is not. */
type Find = (text: string) => string | null;

function finder({ phrases, parts }: Dictionary): Find {
  // Parts may hold parts, which are always shorter.
  const inner: Find = parts === phrases ? (text) => whole(text) ?? joined(text) : parts.length === 0 ? () => null : finder({ phrases: parts, parts });
  const known = phrases.flatMap(entriesOf).sort((a, b) => b.literal - a.literal);
  const whole: Find = (text) => {
    for (const { from, to } of known) {
      const values = valuesIn(text, from, inner);
      if (values !== null) return fillIn(to, (place) => values.get(place) ?? "");
    }
    return null;
  };
  const joined: Find = (text) => {
    for (const { from, to } of JOINTS)
      for (let at = text.lastIndexOf(from); at > 0; at = text.lastIndexOf(from, at - 1)) {
        const first = whole(text.slice(0, at));
        const rest = text.slice(at + from.length);
        const others = first === null ? null : (whole(rest) ?? joined(rest));
        if (first !== null && others !== null) return first + to + others;
      }
    return null;
  };
  return (text) => whole(text) ?? joined(text);
}

interface Entry {
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** How much of it is fixed: the more, the surer that a text was made of it. */
  readonly literal: number;
}

function entriesOf({ from, to }: Pair): Entry[] {
  return Object.entries(from).map(([name, template]) => {
    const parts = partsOf(template);
    const literal = parts.reduce((sum, part, index) => sum + (index % 2 === 0 ? part.length : 0), 0);
    return { from: parts, to: partsOf(to[name] ?? template), literal };
  });
}

/** Fixed texts at even places, names of places at odd ones. */
function partsOf(template: string): string[] {
  return template.split(/\{(\w+)\}/);
}

function fillIn(parts: readonly string[], value: (place: string) => string): string {
  return parts.map((part, index) => (index % 2 === 0 ? part : value(part))).join("");
}

/** What stands in the places of this template, parts in the other language; null when the text was not made of it. */
function valuesIn(text: string, parts: readonly string[], inner: Find): ReadonlyMap<string, string> | null {
  const values = new Map<string, string>();
  const [head = ""] = parts;
  if (!text.startsWith(head) || (parts.length === 1 && text !== head)) return null;
  let at = head.length;
  for (let index = 1; index < parts.length; index += 2) {
    const [place = "", fixed = ""] = parts.slice(index, index + 2);
    const isLast = index + 2 >= parts.length;
    const end = isLast ? text.length - fixed.length : text.indexOf(fixed, at + 1);
    if (end <= at || (isLast && !text.endsWith(fixed))) return null;
    const value = text.slice(at, end);
    const shown = isPart(place) ? inner(value) : ONE_WORD.includes(place) && /[\s:;]/.test(value) ? null : value;
    if (shown === null) return null;
    values.set(place, shown);
    at = end + fixed.length;
  }
  return values;
}

function isPart(place: string): boolean {
  return place === place.toUpperCase();
}
