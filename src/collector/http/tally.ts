/** What came and what became of it, for /metrics and for a log that nobody can flood: of each class of refusal one line in a while, with how many there were since. */
import type { Family, Sample } from "../../control/exposition.ts";
import type { FactLog } from "../../fact-log.ts";
import { Recent } from "./recent.ts";

const LINE_EVERY_MS = 5_000;
/** Paths, methods and codes are ours; this is for what nobody thought of. */
const MAX_SERIES = 500;

export class Tally {
  readonly #log: FactLog;
  readonly #nowMs: () => number;
  readonly #answers = new Map<string, { readonly labels: Record<string, string>; count: number }>();
  readonly #refused = new Map<string, number>();
  readonly #lines = new Map<string, { saidMs: number; since: number }>();
  readonly #recent: Recent;
  readonly #sums = { bytes: 0, records: 0, rejected: 0 };

  constructor(log: FactLog, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
    this.#recent = new Recent(nowMs);
  }

  /** One line for the service manager. */
  get status(): string {
    return this.#recent.text();
  }

  answered(path: string, status: number): void {
    const key = `${path} ${status}`;
    const found = this.#answers.get(key);
    if (found !== undefined) found.count++;
    else if (this.#answers.size < MAX_SERIES) this.#answers.set(key, { labels: { path, status: String(status) }, count: 1 });
  }

  delivered(node: string, counts: { readonly records: number; readonly rejected: number }): void {
    this.#recent.heard(node);
    this.#sums.records += counts.records;
    this.#sums.rejected += counts.rejected;
  }

  received(bytes: number): void {
    this.#sums.bytes += bytes;
  }

  /** `facts` never hold a token, nor anything of a body. */
  refused(reason: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#refused.set(reason, this.countOf(reason) + 1);
    this.#recent.refused();
    const line = this.#lines.get(reason) ?? { saidMs: -Infinity, since: 0 };
    this.#lines.set(reason, line);
    line.since++;
    const nowMs = this.#nowMs();
    if (nowMs - line.saidMs < LINE_EVERY_MS) return;
    this.#log.warn({ reason, count: line.since, ...facts }, "refused");
    line.saidMs = nowMs;
    line.since = 0;
  }

  countOf(reason: string): number {
    return this.#refused.get(reason) ?? 0;
  }

  families(): Family[] {
    const one = (name: string, help: string, value: number): Family => ({
      name: `meshprobe_collector_${name}`,
      help,
      type: "counter",
      samples: [{ value }],
    });
    const refused: Sample[] = [...this.#refused].map(([reason, value]) => ({ labels: { reason }, value }));
    return [
      {
        name: "meshprobe_collector_requests_total",
        help: "Requests answered, by path of the OpenAPI file and status.",
        type: "counter",
        samples: [...this.#answers.values()].map(({ labels, count }) => ({ labels, value: count })),
      },
      { name: "meshprobe_collector_refused_total", help: "Connections and requests refused, by reason.", type: "counter", samples: refused },
      one("body_bytes_total", "Bytes of bodies as they were sent.", this.#sums.bytes),
      one("records_total", "Records given to the store; one that came twice counts twice.", this.#sums.records),
      one("rejected_records_total", "Records that were rejected one by one.", this.#sums.rejected),
    ];
  }
}
