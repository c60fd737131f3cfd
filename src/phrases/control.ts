/** What the running agent, or the talk with it, has to say in sentences: in English over the socket, in the language of the reader on the screen. */
import { sayer, type Say } from "./phrase.ts";

export const CONTROL = {
  // Notes of the status.
  mtrOff: "mtr is off (capture.mtr): sweeps at one a second take its place",
  mtrMissing: "mtr cannot be run: sweeps at one a second take its place (apt-get install mtr-tiny)",
  noKey: "no mesh key (mesh.key_file): the direction of a loss is never more than possible, and no node traces back",
  smallBuffer: "the receive buffer is small, a stall may overflow it: sysctl -w net.core.rmem_max={n}, then restart",
  sendRefused: "the kernel refused to send: {ERRORS}; a fault of this node",

  // A trace that was asked for.
  noSweep: "no sweep: the probing process has not answered",
  notStored: "a trace could not be stored; see the agent's log",
  sweeping: "sweep, {n} s",
  waiting: "mtr waits for others through the same routers, {n} s",
  running: "mtr, of about {of} s, {n} s",
  tracedAlready: "{peer} is being traced for somebody already",
  tooManyAsked: "{n} traces that were asked for are under way; try again",
  unresolved: "{peer} has no address yet: its name cannot be resolved",
  peersAllowed: "{wanted} is no peer of this node; trace.allow: any in its configuration allows other addresses",
  addressNeeded: "{wanted} is no peer of this node; another host must be given by its address",

  // Nobody to ask, or no answer.
  noAgent: "The agent does not run: nothing listens on {path}; start it (systemctl start meshprobe), or see what is stored: meshprobe report",
  noAgentAtTwo:
    "The agent does not run: nothing listens on {path} or {other}; start it (systemctl start meshprobe), or see what is stored: meshprobe report",
  cannotAsk: "Cannot ask the agent at {path}: {code}",
  forbidden: "Cannot open {path}: permission denied; run as root",
  forbiddenGroup: "Cannot open {path}: permission denied; run as root, or join group {group} (usermod -aG {group} USER, then log in again)",
  stopped: "stopped",
  notAnAgent: "Cannot understand what answers at {path}: it is no meshprobe agent",
  noAnswer: "The agent at {path} does not answer ({n} s)",
  ended: "The agent at {path} ended the talk without an answer",
  tooLong: "The answer from {path} is too long",
  otherAgent: "The agent that runs here keeps its data in {here}, not in {wanted}",
  busy: "{n} clients are being served; try again",
} as const;

export const CONTROL_PARTS = { sendError: "{code} {n} times" } as const;

export const say: Say<typeof CONTROL> = sayer(CONTROL);
export const sayPart: Say<typeof CONTROL_PARTS> = sayer(CONTROL_PARTS);
