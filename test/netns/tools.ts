/** Reading what ping and mtr print, as far as the laboratory's own tests need it. */

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  readonly rttMs: { readonly min: number; readonly avg: number; readonly max: number } | null;
}

export function readPing(output: string): PingResult {
  const [, sent = "0", received = "0"] = /(\d+) packets transmitted, (\d+) received/.exec(output) ?? [];
  const rtt = /= ([\d.]+)\/([\d.]+)\/([\d.]+)\//.exec(output);
  return {
    sent: Number(sent),
    received: Number(received),
    rttMs: rtt === null ? null : { min: Number(rtt[1]), avg: Number(rtt[2]), max: Number(rtt[3]) },
  };
}

/** The hop addresses of `mtr --raw` in order of TTL, up to the last that answered; a silent one between is null. mtr probes a little beyond the target. */
export function readMtr(output: string): readonly (string | null)[] {
  const hops: (string | null)[] = [];
  for (const [, index = "", address = ""] of output.matchAll(/^h (\d+) (\S+)$/gm)) hops[Number(index)] = address;
  const full = Array.from(hops, (hop) => hop ?? null);
  const last = full.at(-1) ?? null;
  return last === null ? full : full.slice(0, full.indexOf(last) + 1);
}
