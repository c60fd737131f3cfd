import type { EventView } from "./event-view.ts";
import { directionOf, heardOf } from "./hearing.ts";
import type { Direction } from "./verdict.ts";

/** Of the bad peers; fewer would speak for the others. */
const WITNESSES = 0.5;

/** Direction of a fault that several peers share: only what authentic requests of enough of them say, so that the verdict does not rest on it. */
export function commonDirection({ incidents, loss }: EventView): Direction {
  const heard = heardOf(incidents);
  if (!heard.authentic || heard.of < WITNESSES * incidents.length) return "unknown";
  const found = directionOf(heard, loss);
  return found?.certainty === "likely" ? found.direction : "unknown";
}
