/**
 * What is stored as a sentence beside the figures: why a capture is not what it should be, what is said of a hop, what made the agent blind, what was done to the
 * configuration. Stored in English; `evidence-zh.ts` has the same in Chinese.
 */
import { sayer, type Say } from "./phrase.ts";

export const EVIDENCE = {
  // Runs of mtr.
  stoppedEarly: "stopped before its first probe",
  notInstalled: "{binary} is not installed",
  notStarted: "mtr could not be started: {message}",
  noPermission: "mtr may not send probes: {message}",
  noRoute: "this node has no route to the target: {message}",
  printedNothing: "mtr printed nothing",
  printedOnly: "mtr printed nothing: {message}",
  exited: "mtr ended with exit code {code}",
  exitedWith: "mtr ended with exit code {code}: {message}",
  killed: "mtr was killed by {signal}",
  unreadable: "mtr printed nothing readable in {n} lines, the first: {line}",
  flood: "mtr was stopped after {n} lines",
  hang: "mtr was still running after {n} s and was killed",
  noHop: "no hop answered",
  unreadableLines: "{n} unreadable lines",
  cutLines: "{n} lines cut",
  tooMany: "{n} mtr were running already, for {peers}",
  unknownPath: "its path is not known and may share hops with the mtr to {peers}",
  queueFull: "{n} traces wait already",
  sharesHops: "shares hops with the mtr to {peers}",
  burstOver: "its burst ended before mtr could start",
  sweepsInstead: "mtr does not support link-local addresses with a zone; sweeps at one a second take its place",
  zone: "mtr does not support link-local addresses with a zone; the sweep alone",
  mtrOff: "mtr is turned off in the configuration (capture.mtr); the sweep alone",

  // Captures that were not made, or not to their end.
  agentStopped: "agent stopped",
  wireEnded: "the probing process ended",
  peerGone: "the peer was taken from the configuration",
  dayBudget: "capture budget: {n} full captures of this peer in a day; samples only",
  hourBudget: "capture budget: {n} full captures of this peer in an hour; samples only",
  crowd: "one of {n} peers lost together; traced afterwards: {peers}",
  noAddress: "its address is not known",
  tracedLately: "traced for this node less than a minute before",
  tracesForOthers: "{n} traces for other nodes were under way already, for {peers}",
  aftersWait: "{n} traces after a burst wait already",
  anotherBurst: "stopped after {n} of {of} sweeps: another burst began",
  sweepsUnderWay: "{n} sweeps are under way already",
  budgetMtr: "hop budget: an mtr asks its routers",
  budgetTrace: "hop budget: an mtr or another trace asked its routers",
  budgetPeers: "hop budget: its routers were just traced for {peers}",
  budgetPeersMore: "hop budget: its routers were just traced for {peers} and {n} others",
  budgetOver: "hop budget: its burst was over before its routers had answers left",

  // Hops.
  notAsked: "not asked: hop budget",
  notSent: "not sent: {code}",
  assumed: "seen for other peers, not asked for this one yet",
  leftToMtr: "left to the mtr that already runs through this hop",
  sameRouter: "the same router again: most likely it reports the destination unreachable",
  limited: "answers limited by the router ({WHERE})",
  limitedUsually: "answers limited by the router ({WHERE}; {n} % while healthy)",
  silent: "silent; later hops answer",
  silentAlways: "silent, also while healthy; later hops answer",
  silentNow: "silent; later hops answer; answered while healthy",
  unreachable: "{WHAT} (code {code})",

  // Blind times.
  stalled: "the probing process did not run for {n} ms",
  slow: "the probing process ran {of} times in {n} ms",
  overflowed: "the receive buffer was full: {n} packets dropped",
  slept: "the machine slept for {n} ms",
  pollError: "poll error",
  pollErrorOf: "poll error {message}",
  receiveFailed: "receive failed: {code}",

  // The configuration.
  stretched: "interval of {PEERS} stretched from {INTERVALS}: they would need {n} probes a second and probe.max_rate allows {rate}/s",
  ownEntry: "peer {peer} (line {n}) is this node itself and is not probed",
  noPeers: "nothing is probed: {file} lists no other node under peers",
} as const;

/** What stands in places of the phrases above. */
export const EVIDENCE_PARTS = {
  behindAnswered: "hops behind it answered {n} of {of}",
  faultBehind: "by the verdict the fault lies behind it",
  endsBefore: "loss does not reach the destination",
  laterLose: "later hops lose {n} %",
  noNetwork: "network unreachable",
  noHost: "host unreachable",
  noPort: "port unreachable",
  noDestination: "destination unreachable",
  noRoute: "no route to destination",
  noAddress: "address unreachable",
  tooBig: "packet too big",
  networkProhibited: "network prohibited",
  hostProhibited: "host prohibited",
  prohibited: "communication prohibited",
  onePeer: "1 peer",
  peers: "{n} peers",
  interval: "{n} to {of}",
  more: "…",
} as const;

export const say: Say<typeof EVIDENCE> = sayer(EVIDENCE);
export const sayPart: Say<typeof EVIDENCE_PARTS> = sayer(EVIDENCE_PARTS);
