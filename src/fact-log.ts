/** The log as those parts see it that only state facts: what holds, and one sentence. The agent's logger is one; so is a list in a test. */
type Say = (facts: Readonly<Record<string, unknown>>, message: string) => void;

export interface FactLog {
  readonly info: Say;
  readonly warn: Say;
  readonly error: Say;
}
