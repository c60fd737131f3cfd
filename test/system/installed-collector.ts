/** The installed collector on a node, as an administrator sets it up and asks it. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Status } from "../../src/control/status.ts";
import type { ReportIncident } from "../../src/report/report.ts";
import type { FleetReport } from "../../src/report/fleet/fleet.ts";
import type { Lab } from "../netns/lab.ts";
import { makeCertificates } from "../unit/sync/certificates.ts";
import type { BootedNode } from "./booted-node.ts";
import { property, report, until } from "./installed-agent.ts";

export const COLLECTOR_UNIT = "meshprobe-collector.service";
export const PORT = 8443;
const DELIVERED_MS = 60_000;
const WHOLE = /all [\d,]+ are here, and are what a had when it closed/;
/** The samples of a minute after the incident belong to it. */
const SEALED_MS = 120_000;
const START_MS = 30_000;

export const collectorUrl = (lab: Lab): string => `https://${lab.address("b")}:${PORT}`;

/** Files on the machines: the authority on both, certificate and key on b, readable for nobody but root and the service. */
export async function putCertificates({ a, b }: { readonly a: BootedNode; readonly b: BootedNode }, address: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "meshprobe-system-tls-"));
  try {
    const { caFile, server } = makeCertificates(dir, `IP:${address}`);
    for (const node of [a, b]) await put(node, "/etc/meshprobe/collector-ca.pem", readFileSync(caFile, "utf8"));
    await put(b, "/etc/meshprobe/collector.crt", server.cert);
    await put(b, "/etc/meshprobe/collector.key", server.key, "meshprobe-collector");
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** With a group: a secret for root and that group. */
export async function put(node: BootedNode, file: string, text: string, group: string | null = null): Promise<void> {
  const secret = group === null ? "" : `umask 027; rm -f ${file}; `;
  const share = group === null ? "" : `; chgrp ${group} ${file}`;
  await node.run(["sh", "-ec", `${secret}cat > ${file}${share}`], text);
}

/** Made on b as an administrator does it. */
export async function newToken(b: BootedNode, name: string, role: "node" | "reader"): Promise<string> {
  const words = (await b.run(["meshprobe", "collector", "token", "add", name, "--role", role])).trim().split(" ");
  return words.at(-1) ?? assert.fail("no token was printed");
}

export async function collectorPid(b: BootedNode): Promise<number> {
  return Number(await property(b, "MainPID", COLLECTOR_UNIT));
}

/** Another process than that one runs, and is ready. Returns it. */
export async function collectorAgain(b: BootedNode, before: number): Promise<number> {
  return until(
    "another collector",
    async () => {
      const pid = await collectorPid(b);
      return pid > 1 && pid !== before && (await property(b, "ActiveState", COLLECTOR_UNIT)) === "active" ? pid : null;
    },
    START_MS,
  );
}

const ASK = ["--token-file", "/root/reader.token", "--ca-file", "/etc/meshprobe/collector-ca.pem"];

export async function fleetReport({ b, lab }: { readonly b: BootedNode; readonly lab: Lab }): Promise<FleetReport> {
  const asked = ["meshprobe", "report", "--collector", collectorUrl(lab), ...ASK, "--since", "1h", "--format", "json"];
  return JSON.parse(await b.run(asked)) as FleetReport;
}

async function page({ b, lab }: { readonly b: BootedNode; readonly lab: Lab }, id: string): Promise<string> {
  return b.run(["meshprobe", "report", "--collector", collectorUrl(lab), ...ASK, "--node", "a", id]);
}

export async function collectorStatus(a: BootedNode): Promise<NonNullable<Status["collector"]>> {
  const { collector } = JSON.parse(await a.run(["meshprobe", "status", "--format", "json"])) as Status;
  return collector ?? assert.fail("the agent knows no collector");
}

/** The collector answers, and nothing waits on a. */
export async function delivered(a: BootedNode): Promise<void> {
  const look = async (): Promise<true | null> => {
    const { reachable, lanes } = await collectorStatus(a);
    return reachable === true && lanes.every(({ records }) => records === 0) ? true : null;
  };
  await until("nothing waits on a", look, DELIVERED_MS);
}

interface Places {
  readonly a: BootedNode;
  readonly b: BootedNode;
  readonly lab: Lab;
}

/** Nothing waits on a, and each incident that is over there is at the collector, once. Returns their ids. */
export async function nothingIsMissing(stage: Places): Promise<readonly string[]> {
  await delivered(stage.a);
  const isOver = ({ status }: ReportIncident): boolean => status === "closed" || status === "interrupted";
  const here = (await report(stage.a)).incidents.filter(isOver).map(({ id }) => id);
  const there = (await fleetReport(stage)).incidents.filter((one) => one.node === "a" && isOver(one)).map(({ id }) => id);
  assert.deepEqual(there.sort(), here.sort());
  return here;
}

/** Its page at the collector says that all of the evidence is there. The sum over it comes when the last sample around the incident is stored. */
export async function hasItsEvidence(stage: Places, id: string): Promise<void> {
  const isWhole = async (): Promise<true | null> => (WHOLE.test((await page(stage, id)).replace(/\s+/g, " ")) ? true : null);
  await until(`${id} with all of its evidence`, isWhole, SEALED_MS);
}
