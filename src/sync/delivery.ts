/**
 * One request: what it carries, and what becomes of the queues with its answer. Lanes decide when; this is how. An acknowledgement counts only for what was asked
 * about, a rejection only for a record that was sent; whatever else the answer says is ignored.
 */
import type { FactLog } from "../fact-log.ts";
import { iso } from "../report/figures.ts";
import type { SyncClock } from "./clock.ts";
import { readAnswer, readError, type ReadAnswer } from "./answer.ts";
import { endpointOf } from "./endpoint.ts";
import { CredentialError, type Credentials } from "./credentials.ts";
import type { Connection, Exchange, Exchanged } from "./exchange.ts";
import { queueTrouble } from "./failure-words.ts";
import type { ExchangeClock } from "./exchange-clock.ts";
import { slices, type Pace } from "./paced-body.ts";
import type { RequestLog } from "./own-requests.ts";
import { requestBody, type Parcel } from "./parcel.ts";
import { retryAfterMs } from "./schedule.ts";
import type { SyncState } from "./sync-state.ts";
import { SYNC_API, type SyncRequest } from "./wire.ts";

/** What is said of the node beside its records. */
export type NodeWords = Pick<SyncRequest, "node" | "version" | "address"> & {
  readonly backlog: () => NonNullable<SyncRequest["backlog"]>;
  readonly blindSince: () => string | null;
};

export type Outcome =
  /** `moved`: something is no longer in the queue. `bytes`: as written. */
  | { readonly kind: "done"; readonly moved: boolean; readonly bytes: number }
  | { readonly kind: "too-large"; readonly text: string }
  | { readonly kind: "failed"; readonly text: string; readonly answered: boolean; readonly retryAfterMs: number | null; readonly wasCut: boolean }
  | { readonly kind: "aborted" };

export interface DeliveryPorts {
  readonly clock: SyncClock;
  readonly exchange: Exchange;
  readonly credentials: { get(): Credentials };
  readonly exchangeClock: ExchangeClock;
  readonly requests: Pick<RequestLog, "begin">;
  readonly words: NodeWords;
  /** Records of one request that were set aside. */
  readonly onRefused: SyncState["setAside"];
  readonly log: Pick<FactLog, "warn">;
}

/** A connection to one of the addresses, made with these credentials. */
export interface Open {
  readonly url: string;
  readonly connection: Connection;
  readonly credentials: Credentials;
}

export interface Send {
  readonly parcels: readonly Parcel[];
  /** Null: as fast as it goes. */
  readonly pace: Pace | null;
  readonly signal: AbortSignal;
}

export class Delivery {
  readonly #ports: DeliveryPorts;
  /** Whose clock is known. */
  #clockOf: string | null = null;

  constructor(ports: DeliveryPorts) {
    this.#ports = ports;
  }

  /** `kept` where it still serves, else a new one; a sentence where the credentials are not right. Nothing is sent yet. */
  open(url: string, kept: Open | null): Open | string {
    const { credentials, exchange } = this.#ports;
    try {
      const now = credentials.get();
      if (kept !== null && kept.url === url && kept.credentials.version === now.version) return kept;
      kept?.connection.close();
      const endpoint = endpointOf(url);
      return { url, credentials: now, connection: exchange.open(endpoint, endpoint.protocol === "https:" ? now.tls : null) };
    } catch (error) {
      if (error instanceof CredentialError) return error.message;
      throw error;
    }
  }

  /** After anything but `done` the connection is of no use any more. */
  async send(open: Open, send: Send): Promise<Outcome> {
    try {
      return await this.#send(open, send);
    } catch (error) {
      // The collector may have it by now; then it gets it twice.
      return failed(queueTrouble(error), { answered: true });
    }
  }

  async #send(open: Open, { parcels, pace, signal }: Send): Promise<Outcome> {
    const body = requestBody(this.#head(), parcels);
    const { token } = open.credentials;
    const ended = this.#ports.requests.begin();
    const exchanged = await open.connection.post({
      headers: {
        "content-type": "application/json",
        ...(body.encoding === null ? {} : { "content-encoding": body.encoding }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      length: body.bytes.length,
      slices: (ended) => slices(body.bytes, { pace, signal: ended }),
      signal,
    });
    ended(exchanged.kind !== "answered");
    // Between its end and our turn it may have been taken back.
    if (signal.aborted || exchanged.kind === "aborted") return { kind: "aborted" };
    if (exchanged.kind === "failed") return failed(exchanged.text, { wasCut: exchanged.why === "closed" });
    const answer = exchanged.status === 200 ? readAnswer(exchanged.text) : null;
    if (answer === null) return refusal(exchanged, { token, wallMs: this.#ports.clock.wallMs() });
    if (pace === null) this.#learnTime(open.url, { ...exchanged, theirReceivedMs: answer.receivedMs, theirAnsweredMs: answer.answeredMs });
    return this.#apply(parcels, answer, body.bytes.length);
  }

  #head(): Omit<SyncRequest, "files"> {
    const { clock, exchangeClock, words } = this.#ports;
    const { node, version, address, backlog, blindSince } = words;
    return {
      api: SYNC_API,
      node,
      sent_at: iso(clock.wallMs()),
      mono: Math.round(clock.nowMs()),
      ...(version === undefined ? {} : { version }),
      address: address ?? null,
      clock: exchangeClock.reading,
      backlog: backlog(),
      blind_since: blindSince(),
    };
  }

  #learnTime(url: string, times: Parameters<ExchangeClock["add"]>[0]): void {
    const { exchangeClock } = this.#ports;
    if (this.#clockOf !== url) exchangeClock.forget();
    this.#clockOf = url;
    exchangeClock.add(times);
  }

  #apply(parcels: readonly Parcel[], { acks, rejected }: ReadAnswer, bytes: number): Outcome {
    let moved = false;
    const missing: Parcel[] = [];
    for (const parcel of parcels) {
      const { outbox, db, lane, batch } = parcel;
      // It has a new id since: what was asked is about numbers that are no more.
      if (outbox.db !== db) continue;
      const ack = acks.find((one) => one.db === db && one.lane === lane);
      if (ack === undefined) {
        missing.push(parcel);
        continue;
      }
      const outcome = outbox.acknowledge(lane, ack.seq, batch);
      if (outcome === "ahead" || outcome === "behind") this.#sayReset(outcome, { db, lane, now: outbox.db });
      moved ||= outcome !== "same";
      if (outcome === "ahead") continue;
      const sent = new Set(batch === null || rejected.length === 0 ? [] : batch.records.map(seqOf));
      const refused = rejected.filter((one) => one.db === db && one.lane === lane && sent.has(one.seq));
      for (const { seq, code } of refused) outbox.refuse(lane, seq, code);
      const [first] = refused;
      if (first === undefined) continue;
      moved = true;
      this.#ports.onRefused({ lane, records: refused.length, first: first.seq, code: first.code });
    }
    if (missing.length > 0) return failed("its answer does not say how far it is", { answered: true });
    const wanted = parcels.some(({ batch }) => batch !== null);
    return wanted && !moved ? failed("it answers, but keeps nothing of what is sent", { answered: true }) : { kind: "done", moved, bytes };
  }

  #sayReset(outcome: "ahead" | "behind", facts: { readonly db: string; readonly lane: number; readonly now: string }): void {
    this.#ports.log.warn(
      facts,
      outcome === "ahead"
        ? "the collector knows more of this database than it holds: it is an old copy, and goes on under a new id"
        : "the collector has lost what it had acknowledged: everything that is stored is sent again",
    );
  }
}

/** What an answer means that is none. Holds no secret, also where the other side repeats ours. */
export function refusal(
  { status, retryAfter, location, text }: Extract<Exchanged, { kind: "answered" }>,
  { token, wallMs }: { readonly token: string | null; readonly wallMs: number },
): Outcome {
  const words = readError(text);
  const said = words === null ? "" : `: ${token === null ? words : words.replaceAll(token, "…")}`;
  if (status === 413) return { kind: "too-large", text: `it refuses the size of a record (413${said})` };
  const known: Readonly<Record<number, string>> = {
    200: "what answers is no collector of this version (is the address right?)",
    400: `it cannot read what is sent (400${said})`,
    401: token === null ? "it wants a token: set collector.token_file (401)" : `it does not know our token (401${said})`,
    403: `the token is not this node's (403${said})`,
    404: "there is no collector at this address (404)",
    429: `it is busy (429${said})`,
    503: `it is not ready (503${said})`,
  };
  const redirected = status >= 300 && status < 400;
  const sentence = redirected ? `it redirects to ${shortened(location)} (${status}); redirects are not followed, set collector.url` : known[status];
  return failed(sentence ?? `it answers ${status}${said}`, { answered: true, retryAfterMs: retryAfterMs(retryAfter, wallMs) });
}

function failed(text: string, more: Partial<Extract<Outcome, { kind: "failed" }>>): Outcome {
  return { kind: "failed", text, answered: false, retryAfterMs: null, wasCut: false, ...more };
}

/** Without what may be secret in it. */
function shortened(location: string | null): string {
  const url = location === null ? null : URL.parse(location);
  return url === null ? "another place" : `${url.protocol}//${url.host}`;
}

function seqOf(record: string): number {
  return (JSON.parse(record) as { readonly seq: number }).seq;
}
