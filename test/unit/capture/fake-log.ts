/** A log that keeps what was said, as "level message". */
import type { FactLog } from "../../../src/fact-log.ts";

export class FakeLog implements FactLog {
  readonly said: string[] = [];

  readonly info: FactLog["info"] = (_, message) => void this.said.push(`info ${message}`);
  readonly warn: FactLog["warn"] = (_, message) => void this.said.push(`warn ${message}`);
  readonly error: FactLog["error"] = (_, message) => void this.said.push(`error ${message}`);
}
