/**
 * Which requests are believed to be a peer's when none can be authenticated. A boot and rising numbers are a line; without a key anybody can send one packet in a
 * peer's name, whose number would make all that follow it old, and all that it skipped lost. So what does not continue the line that is heard is doubted, until
 * it goes on by itself: a few in a row where the line has fallen silent (the peer started anew, or the line was the forgery), many in a row where it has not.
 *
 * Who can send many in a row, and goes on, cannot be told from the peer. That is what the mesh key is for.
 */
import { WINDOW } from "./heard-window.ts";

/** A peer may send this many times faster than its interval was estimated. */
const FASTER = 4;
/** So many doubted ones in a row are believed where the line has been silent for this many of its intervals. */
const BELIEVED_AFTER = 3;
const SILENT_INTERVALS = 3;
/** So many are believed in any case: more than anybody sends by mistake, two seconds of a peer that sends ten a second. */
const BELIEVED_ANYWAY = 20;

export interface Request {
  readonly epoch: number;
  readonly number: number;
  /** When it arrived, as all times here monotonic µs of ours. */
  readonly atUs: number;
}

/** What is heard so far: its newest request, and how often it sends. */
export interface Line extends Request {
  readonly intervalUs: number;
}

/** `same`: it goes on with the line. `other`: it is the line from here on. `doubted`: it counts for nothing. */
export type Belief = "same" | "other" | "doubted";

export class RequestLine {
  /** The newest doubted request, and how many were in a row. */
  #doubted: Request = { epoch: 0, number: 0, atUs: 0 };
  #inRow = 0;

  believe(line: Line, request: Request): Belief {
    if (request.epoch === line.epoch && goesOn(line, request)) {
      this.#inRow = 0;
      return "same";
    }
    const ahead = request.number - this.#doubted.number;
    this.#inRow = this.#inRow > 0 && request.epoch === this.#doubted.epoch && ahead > 0 && ahead <= WINDOW ? this.#inRow + 1 : 1;
    this.#doubted = request;
    const isSilent = request.atUs - line.atUs >= SILENT_INTERVALS * line.intervalUs;
    if (this.#inRow < (isSilent ? BELIEVED_AFTER : BELIEVED_ANYWAY)) return "doubted";
    this.#inRow = 0;
    return "other";
  }
}

/** A jump within the window does no harm: what it skipped fills the gaps. A longer one must have had the time. */
function goesOn(line: Line, request: Request): boolean {
  const ahead = request.number - line.number;
  return Math.abs(ahead) < WINDOW || (ahead > 0 && ahead < WINDOW + (FASTER * (request.atUs - line.atUs)) / line.intervalUs);
}
