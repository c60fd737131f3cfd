/** The oldest C and C++ libraries that the binaries run with, read from the versions of the symbols they ask for: a machine too old is refused by its packager. */
import { run } from "./run.ts";

/** First GCC whose libstdc++ has these symbols (gcc.gnu.org, libstdc++ ABI policy). */
const GCC_OF_GLIBCXX: Readonly<Record<number, string>> = {
  21: "5",
  22: "6",
  23: "7",
  24: "7",
  25: "8",
  26: "9",
  27: "9",
  28: "9",
  29: "11",
  30: "12",
  31: "13",
  32: "13",
  33: "14",
  34: "15",
};
const OLDEST_KNOWN = 21;

/** Debian's Depends. */
export function libraryFloor(binaries: readonly string[]): string {
  const symbols = binaries.map((file) => run("objdump", ["-T", file])).join("\n");
  const minors = (pattern: RegExp): number => Math.max(0, ...[...symbols.matchAll(pattern)].map(([, minor]) => Number(minor)));
  const glibcxx = Math.max(OLDEST_KNOWN, minors(/\(?GLIBCXX_3\.4\.(\d+)\)?/g));
  const gcc = GCC_OF_GLIBCXX[glibcxx];
  if (gcc === undefined) throw new Error(`GLIBCXX_3.4.${glibcxx} is not known yet: add its GCC to packaging/library-floor.ts`);
  return `libc6 (>= 2.${minors(/\(?GLIBC_2\.(\d+)[.\d]*\)?/g)}), libgcc-s1, libstdc++6 (>= ${gcc}), passwd`;
}
