/** Whether the collector takes what this node will send, one finding for each of its addresses. */
import type { Trial } from "../sync/trial.ts";
import { isInTheClear } from "../sync/endpoint.ts";
import { fail, ok, type Verdict, warn } from "./finding.ts";
import { say } from "./phrases.ts";

export function checkCollector({ url, problem }: Trial): Verdict {
  if (problem !== null) return fail(say("collectorFails", { url, message: problem }), say("seeCollector"));
  return isInTheClear(url) ? warn(say("inTheClear", { url }), say("useHttps")) : ok(say("collectorAnswers", { url }));
}
