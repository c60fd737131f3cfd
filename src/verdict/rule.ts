import type { EventView } from "./event-view.ts";
import type { Verdict } from "./verdict.ts";

export type Match = Omit<Verdict, "findings">;

/** Null when it does not apply. */
export type Rule = (view: EventView) => Match | null;
