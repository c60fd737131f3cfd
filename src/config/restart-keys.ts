/**
 * Which keys differ between two configurations that a running agent cannot change: stores, sockets and detectors are made from them once. The peers, how often
 * they are probed and the log's level are none of these.
 */
import type { Config } from "./config.ts";

type Of = (config: Config) => unknown;

const KEYS: Readonly<Record<string, Of>> = {
  "node.name": ({ node }) => node.name,
  "node.address": ({ node }) => node.address,
  "node.labels": ({ node }) => node.labels,
  data_dir: ({ dataDir }) => dataDir,
  "probe.timeout": ({ probe }) => probe.timeoutMs,
  "probe.dscp": ({ probe }) => probe.dscp,
  detect: ({ detect }) => detect,
  mesh: ({ mesh }) => mesh,
  capture: ({ capture }) => capture,
  store: ({ store }) => store,
  metrics: ({ metrics }) => metrics,
  hooks: ({ hooks }) => hooks,
  trace: ({ trace }) => trace,
  collector: ({ collector }) => collector,
};

export function restartKeys(before: Config, after: Config): string[] {
  return Object.entries(KEYS).flatMap(([key, of]) => (JSON.stringify(of(before)) === JSON.stringify(of(after)) ? [] : [key]));
}
