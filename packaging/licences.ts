/** The licences of everything in the package, one text a file, and Debian's list of them. A package whose text cannot be found stops the build. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function writeLicences(directory: string, { root, packages }: { readonly root: string; readonly packages: readonly string[] }): void {
  mkdirSync(join(directory, "licences"), { recursive: true });
  const lines = packages.map((name) => {
    const from = join(root, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(from, "package.json"), "utf8")) as {
      readonly version: string;
      readonly license: string;
    };
    const file = `${name.replace("/", "-")}.txt`;
    writeFileSync(join(directory, "licences", file), licenceText(from));
    return `${name} ${version}: ${license}, licences/${file}`;
  });
  const own = readFileSync(join(root, "LICENSE"), "utf8");
  writeFileSync(join(directory, "copyright"), `${own}\nContains, under their own licences:\n\n${lines.join("\n")}\n`);
}

function licenceText(directory: string): string {
  const file = readdirSync(directory).find((name) => /^licen[cs]e(\.(md|txt))?$/i.test(name));
  if (file !== undefined) return readFileSync(join(directory, file), "utf8");
  const readme = join(directory, "README.md");
  const [, text] = /^#+ Licen[cs]e\s*$(.*)/ims.exec(existsSync(readme) ? readFileSync(readme, "utf8") : "") ?? [];
  if (text === undefined || !text.includes("Copyright")) throw new Error(`no licence text in ${directory}`);
  return text.trimStart();
}
