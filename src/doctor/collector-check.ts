/** Whether the collector takes what this node will send, one finding for each of its addresses. */
import type { Trial } from "../sync/trial.ts";
import { isInTheClear } from "../sync/endpoint.ts";
import { fail, ok, type Verdict, warn } from "./finding.ts";
import { say } from "./phrases.ts";

/** By what the sender says of it (sync/failure-words.ts, sync/delivery.ts); the first that matches. */
const MENDS: readonly (readonly [RegExp, ReturnType<typeof say>])[] = [
  [/used by other users|cannot be read: |is no file with a |holds no /, say("mendFile")],
  [/not from a trusted authority|ca_file/, say("mendAuthority")],
  [/certificate is for another name/, say("mendName")],
  [/client certificate|cert_file/, say("mendClientCertificate")],
  [/certificate/, say("mendCertificate")],
  [/\(40[13]|token/, say("mendToken")],
  [/\((429|503)/, say("mendBusy")],
  [/refused: nothing listens|timed out|no connection within|no route|unreachable|no address|looked up/, say("mendReach")],
];

export function checkCollector({ url, problem }: Trial): Verdict {
  if (problem === null) return isInTheClear(url) ? warn(say("inTheClear", { url }), say("useHttps")) : ok(say("collectorAnswers", { url }));
  const mend = MENDS.find(([words]) => words.test(problem))?.[1] ?? say("seeCollector");
  return fail(say("collectorFails", { url, message: problem }), mend);
}
