/**
 * A fault of the catalogue, as data: where it happens, how it is broken and mended, and the verdict that each observer must reach. Machines are called by their
 * names; the addresses that a verdict holds are put back into names before they are compared.
 */
import type { Direction, Scope } from "../../../src/verdict/verdict.ts";
import type { Agent } from "../agent.ts";
import type { Lab } from "../lab.ts";
import type { Random } from "./random.ts";

/** The laboratory with its agents, as a fault sees it. */
export interface Stage {
  readonly lab: Lab;
  /** By machine. */
  readonly agents: ReadonlyMap<string, Agent>;
  readonly random: Random;
  /** Belongs to the trial. */
  readonly directory: string;
}

/** Breaks something and returns how to mend it. */
export type Break = (stage: Stage) => Promise<() => Promise<void>>;

/** Routers, or a host, by name. */
export interface Place {
  readonly after: string | null;
  readonly before: string | null;
}

export interface Verdict {
  readonly scope: Scope;
  readonly direction: Direction;
  /** Left out where no trace can tell it. Otherwise exactly this one: a stretch of two links that holds it is not enough. */
  readonly hop?: Place;
  /** Why no direction or no hop is asked for, in one clause; none where nobody could know more. */
  readonly unknowable?: string;
  /** Findings that must stand beside the verdict. */
  readonly findings?: readonly RegExp[];
}

export type Expected =
  | ({ readonly kind: "verdict" } & Verdict)
  /** Nobody is accused of anything; `blind` is what the agent must own up to instead, `silent` the peer of whose agent the report must say that it has stopped. */
  | { readonly kind: "quiet"; readonly blind?: string; readonly silent?: string };

export interface Fault {
  readonly name: string;
  readonly town: TownName;
  /** Machines beside `node` that run an agent. */
  readonly agents: readonly string[];
  /** All agents have one mesh key unless told otherwise. */
  readonly keys?: "one" | "none" | "other-at-peers";
  readonly lastsMs: number;
  /** Holds from before the agents start until the end. */
  readonly setting?: Break;
  readonly broken: Break;
  /** By observer: `node`, or another machine with an agent. */
  readonly expected: Readonly<Record<string, Expected>>;
}

export type TownName = "city" | "crowd";
