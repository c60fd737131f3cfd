/** What a step of the scenario has at hand. */
import type { Lab } from "../netns/lab.ts";
import type { BootedNode } from "./booted-node.ts";
import type { Witness } from "./witness.ts";

export interface Stage {
  readonly lab: Lab;
  readonly a: BootedNode;
  readonly b: BootedNode;
  /** Of the probes from a to b, in the router before the one that drops. */
  readonly witness: Witness;
  /** As seen inside the nodes. */
  readonly deb: string;
  readonly nextDeb: string;
  readonly installer: string;
}

export interface Step {
  readonly title: string;
  /** Returns figures worth telling. */
  readonly run: (stage: Stage) => Promise<string | void>;
}
