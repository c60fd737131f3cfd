/** A strict reader of the page: what is not closed, not quoted or not known throws. No browser is as strict. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const VOID = new Set(["meta", "br", "path"]);

/** All elements in order, and the text between them. */
export function readHtml(html: string): { readonly elements: readonly Element[]; readonly text: string } {
  const [doctype, rest] = [html.slice(0, 15), html.slice(15)];
  if (doctype !== "<!DOCTYPE html>") throw new Error(`no doctype: ${doctype}`);
  const open: string[] = [];
  const elements: Element[] = [];
  let text = "";
  let at = 0;
  while (at < rest.length) {
    const next = rest.indexOf("<", at);
    const between = rest.slice(at, next === -1 ? rest.length : next);
    if (open.at(-1) !== "style") checkText(between);
    text += between;
    if (next === -1) break;
    const end = rest.indexOf(">", next);
    if (end === -1) throw new Error("a tag is never closed");
    readTag(rest.slice(next + 1, end), { open, elements });
    at = end + 1;
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(", ")}`);
  return { elements, text };
}

function readTag(tag: string, { open, elements }: { readonly open: string[]; readonly elements: Element[] }): void {
  if (tag.startsWith("/")) {
    const name = open.pop();
    if (name !== tag.slice(1)) throw new Error(`</${tag.slice(1)}> closes <${name}>`);
    return;
  }
  const match = /^([a-z][a-z0-9]*)((?: [a-zA-Z-]+="[^"<>]*")*)( ?\/)?$/.exec(tag);
  if (match === null) throw new Error(`<${tag}> is no element`);
  const [, name = "", attributes = "", closed] = match;
  const pairs = [...attributes.matchAll(/ ([a-zA-Z-]+)="([^"]*)"/g)].map(([, key = "", value = ""]): [string, string] => [key, value]);
  for (const [, value] of pairs) checkText(value);
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length) throw new Error(`<${tag}> has an attribute twice`);
  elements.push({ name, attributes: new Map(pairs) });
  if ((closed !== undefined) !== VOID.has(name)) throw new Error(`<${tag}> is closed wrongly`);
  if (closed === undefined) open.push(name);
}

function checkText(text: string): void {
  const bare = text.replaceAll(/&(amp|lt|gt|quot|#39);/g, "");
  if (/[&>]/.test(bare)) throw new Error(`not escaped: ${text.slice(0, 80)}`);
}

/** What a reader sees. */
export function decode(text: string): string {
  const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
  return text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? "");
}
