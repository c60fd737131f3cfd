/** The evidence of a ticket in forms that other tools read: each mtr run as its lines, each incident's samples as CSV. Made from the canonical rows and nothing else. */
import {
  DOUBTFUL_BIT,
  DUPLICATE_BIT,
  HEARD,
  OUTCOME,
  sampleFlow,
  sampleHeard,
  sampleOutcome,
  sampleRttUs,
  type OutcomeCode,
} from "../detect/sample.ts";
import { escapeForTerminal } from "../report/escape.ts";
import { linesFromText } from "../store/evidence-rows.ts";
import { safeName } from "./names.ts";
import type { ArchiveFile } from "./pack.ts";

const OUTCOMES: Readonly<Record<OutcomeCode, string>> = Object.fromEntries(Object.entries(OUTCOME).map(([name, code]) => [code, name])) as Record<
  OutcomeCode,
  string
>;
const CSV_HEAD = "sent_at,flow,outcome,rtt_ms,doubtful,duplicate,heard_by_peer\n";

/** `rows` are the lines of `evidence.jsonl`. */
export function rawFiles(rows: readonly string[]): ArchiveFile[] {
  const lines = new Map<string, string>();
  const samples = new Map<string, Map<string, SampleLine>>();
  for (const row of rows) {
    const [table, key, ...cells] = JSON.parse(row) as [string, string, ...(string | number | null)[]];
    if (table === "lines") lines.set(key, (lines.get(key) ?? "") + mtrText(String(cells[1])));
    if (table === "samples") {
      const known = samples.get(key) ?? new Map<string, SampleLine>();
      samples.set(key, known);
      addSamples(known, {
        epoch: Number(cells[0]),
        slot: Number(cells[1]),
        startedMs: Number(cells[2]),
        intervalMs: Number(cells[3]),
        hex: String(cells[4]),
      });
    }
  }
  return [
    ...[...lines].map(([id, text]) => textFile(`mtr-${safeName(id)}.txt`, text)),
    ...[...samples].map(([id, known]) => textFile(`samples-${safeName(id)}.csv`, csv([...known.values()]))),
  ];
}

export function textFile(name: string, text: string): ArchiveFile {
  return { name, bytes: Buffer.from(text, "utf8") };
}

/** When a line came, a tab, the line of `mtr --raw`. */
function mtrText(body: string): string {
  return linesFromText(body)
    .map(({ atMs, text }) => `${new Date(atMs).toISOString()}\t${escapeForTerminal(text)}\n`)
    .join("");
}

interface SampleLine {
  readonly atMs: number;
  readonly text: string;
}

interface Block {
  readonly epoch: number;
  readonly slot: number;
  readonly startedMs: number;
  readonly intervalMs: number;
  readonly hex: string;
}

/** Blocks of the recorder overlap; of a slot that two of them hold the later one knows more. */
function addSamples(known: Map<string, SampleLine>, { epoch, slot, startedMs, intervalMs, hex }: Block): void {
  const bytes = Buffer.from(hex, "hex");
  for (let index = 0; index < bytes.length >> 2; index++) {
    const sample = bytes.readUInt32LE(index * 4);
    if (sampleOutcome(sample) === OUTCOME.none) continue;
    known.set(`${epoch}:${slot + index}`, { atMs: startedMs + index * intervalMs, text: sampleText(sample) });
  }
}

function csv(lines: readonly SampleLine[]): string {
  const ordered = lines.toSorted((a, b) => a.atMs - b.atMs);
  return CSV_HEAD + ordered.map(({ atMs, text }) => `${new Date(atMs).toISOString()},${text}\n`).join("");
}

function sampleText(sample: number): string {
  const outcome = sampleOutcome(sample);
  const lost = outcome === OUTCOME.lost;
  const heard = lost && sampleHeard(sample) !== HEARD.unknown ? (sampleHeard(sample) === HEARD.yes ? "yes" : "no") : "";
  const rtt = lost || sampleRttUs(sample) === 0 ? "" : String(sampleRttUs(sample) / 1000);
  return [sampleFlow(sample), OUTCOMES[outcome], rtt, flag(sample, DOUBTFUL_BIT), flag(sample, DUPLICATE_BIT), heard].join(",");
}

function flag(sample: number, bit: number): string {
  return (sample & bit) === 0 ? "" : "yes";
}
