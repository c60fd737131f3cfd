/** An empty request to each address of the collector, for the doctor: name, TLS, certificate, token and version are then known to be right, or which of them is not. */
import type { CollectorConfig } from "../config/config.ts";
import { SYSTEM_CLOCK } from "./clock.ts";
import { CredentialFiles } from "./credentials.ts";
import { Delivery } from "./delivery.ts";
import { ExchangeClock } from "./exchange-clock.ts";
import { HttpExchange } from "./http-exchange.ts";
import { RequestLog } from "./own-requests.ts";

export interface Trial {
  readonly url: string;
  /** Null when all is well. */
  readonly problem: string | null;
}

/** Takes twelve seconds at most, for all of them. Never rejects because of the network. */
export function tryCollector(
  collector: CollectorConfig,
  { name, version }: { readonly name: string; readonly version: string },
): Promise<readonly Trial[]> {
  const clock = SYSTEM_CLOCK;
  const delivery = new Delivery({
    clock,
    exchange: new HttpExchange({ clock }),
    credentials: new CredentialFiles(collector),
    exchangeClock: new ExchangeClock(clock),
    requests: new RequestLog(() => clock.nowMs()),
    words: { node: name, version, backlog: () => [], blindSince: () => null },
    onRefused: () => {},
    log: { warn: () => {} },
  });
  return Promise.all(
    collector.urls.map(async (url): Promise<Trial> => {
      const open = delivery.open(url, null);
      if (typeof open === "string") return { url, problem: open };
      const outcome = await delivery.send(open, { parcels: [], pace: null, signal: new AbortController().signal });
      open.connection.close();
      if (outcome.kind === "done" || outcome.kind === "aborted") return { url, problem: null };
      return { url, problem: outcome.text };
    }),
  );
}
