/** The catalogue as a table: fault × expected × got × time. */
import { expectedInWords, gotInWords } from "./compare.ts";
import type { Finding } from "./trial.ts";

/** One line for each fault and observer, over all seeds. */
export function markdown(findings: readonly Finding[]): string {
  const groups = Map.groupBy(findings, ({ fault, observer }) => `${fault}\n${observer}`);
  const lines = [...groups.values()].map(line);
  const wrong = findings.filter((finding) => finding.wrong !== null);
  const right = findings.length - wrong.length;
  const certain = wrong.filter(isCertain).length;
  const late = findings.filter(({ firstVerdictMs }) => (firstVerdictMs ?? 0) > FIRST_VERDICT_MS).length;
  const told = findings.filter(({ firstVerdictMs }) => firstVerdictMs !== null).length;
  const [lossy, limited, asked] = [sum(findings, "lossy"), sum(findings, "limited"), sum(findings, "lines")];
  const hasty = findings.flatMap(accusedBefore);
  return [
    "| fault | observer | expected | got | rule | certainty | right | first verdict, ms (median, worst) | sentence |",
    "|---|---|---|---|---|---|---|---|---|",
    ...lines,
    "",
    `Right: ${right} of ${findings.length} (${((100 * right) / Math.max(1, findings.length)).toFixed(1)} %). Wrong and marked certain: ${certain}. First verdict later than ${FIRST_VERDICT_MS} ms: ${late} of ${told}. Hops before the fault that a table of a report shows as lossy: ${lossy} of ${asked} lines; with a loss that is labelled as the router's own limit: ${limited}. Earlier versions of a verdict that accused somebody else: ${hasty.length} of ${findings.flatMap(({ versions }) => versions).length}, as certain: ${hasty.filter(({ certainty }) => certainty === "certain").length}.`,
    ...wrong.map(wrongLine),
    "",
  ].join("\n");
}

function sum(findings: readonly Finding[], of: keyof Finding["hopLines"]): number {
  return findings.reduce((total, { hopLines }) => total + hopLines[of], 0);
}

/** What was said on the way to the last version and named another party than that. */
function accusedBefore({ versions }: Finding): Finding["versions"] {
  const last = versions.at(-1)?.scope;
  return versions.filter(({ scope }) => scope !== last && scope !== "uncertain");
}

/** After the detection of the burst. */
export const FIRST_VERDICT_MS = 1_500;

export function isCertain({ seen }: Finding): boolean {
  return seen.events.some((got) => got?.certainty === "certain");
}

/** It says less than it should: no event, no hop, or "not known". Any other wrong one accuses the wrong party, which costs more. */
export function isOnlyMissed({ wrong, seen, expected }: Finding): boolean {
  if (wrong === null || expected.kind === "quiet") return false;
  const modest = seen.events.length === 1 && seen.events[0]?.scope === "uncertain";
  return modest || ["no event", "no hop", "direction unknown", "two links instead of one"].includes(wrong);
}

/** What is wrong with one finding, for a list below the table or a failed test. */
export function wrongLine({ fault, seed, observer, expected, seen, wrong, versions, kept }: Finding): string {
  const said = versions.map(({ scope, certainty, rule }) => `${scope}/${certainty}/${rule}`).join(" → ");
  const sentences = seen.events.map((got) => got?.sentence ?? "").join(" | ");
  return `* ${fault}, seed ${seed}, ${observer}: ${wrong} (expected ${expectedInWords(expected)}; got ${gotInWords(seen)}; said ${said || "nothing"}) ${sentences}${kept === null ? "" : ` [${kept}]`}`;
}

function line(group: readonly Finding[]): string {
  const [first] = group;
  if (first === undefined) return "";
  const verdicts = group.flatMap(({ seen }) => seen.events.filter((got) => got !== null));
  const times = group.flatMap(({ firstVerdictMs }) => firstVerdictMs ?? []).toSorted((a, b) => a - b);
  const right = group.filter(({ wrong }) => wrong === null).length;
  const cells = [
    first.fault,
    first.observer,
    expectedInWords(first.expected),
    tally(group.map(({ seen }) => gotInWords(seen))),
    tally(verdicts.map(({ rule }) => rule)),
    tally(verdicts.map(({ certainty }) => certainty)),
    `${right} of ${group.length}`,
    times.length === 0 ? "" : `${times[Math.floor((times.length - 1) / 2)]}, ${times.at(-1)}`,
    verdicts[0]?.sentence ?? "",
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** "path, out ×9; no incident". */
function tally(words: readonly string[]): string {
  const counts = [...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length] as const).toSorted((a, b) => b[1] - a[1]);
  return counts.map(([word, count]) => (count === words.length && count === 1 ? word : `${word} ×${count}`)).join("; ");
}
