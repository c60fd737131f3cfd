/**
 * One sample of the flight recorder: a uint32.
 *   bits 0–23  RTT in µs, saturating at 16.7 s; of a lost one whether the peer heard it (HEARD), else 0
 *   bits 24–27 outcome
 *   bit 28     RTT is doubtful: its error exceeds max(1 ms, half the RTT)
 *   bit 29     answered more than once
 *   bits 30–31 flow
 */
export const OUTCOME = {
  /** No slot here (before the agent started). */
  none: 0,
  /** Sent, not judged yet. */
  pending: 1,
  /** Answered by the soft timeout. */
  reply: 2,
  /** Answered after the soft and before the hard timeout. */
  slow: 3,
  /** Answered after the hard timeout. */
  late: 4,
  /** No answer by the hard timeout. */
  lost: 5,
  /** The agent could not judge. */
  blind: 6,
  /** The kernel refused the send. */
  sendFailed: 7,
  /** Due and not sent. */
  skipped: 8,
} as const;

export type OutcomeCode = (typeof OUTCOME)[keyof typeof OUTCOME];

/** Largest RTT a sample holds, µs. */
const MAX_RTT_US = 0xff_ffff;

export function packSample(outcome: OutcomeCode, rttUs: number, flow: number): number {
  const rtt = rttUs > MAX_RTT_US ? MAX_RTT_US : Math.round(rttUs);
  return (rtt | (outcome << 24) | (flow << 30)) >>> 0;
}

export const DOUBTFUL_BIT: number = 1 << 28;
export const DUPLICATE_BIT: number = 1 << 29;

export function sampleOutcome(sample: number): OutcomeCode {
  return ((sample >>> 24) & 15) as OutcomeCode;
}

export function sampleRttUs(sample: number): number {
  return sample & MAX_RTT_US;
}

export function sampleFlow(sample: number): number {
  return sample >>> 30;
}

/** The character of the report's strip: . good, o late or slow, x lost, - blind, ! send failure; a slot not judged or not sent is a space. */
export function sampleCharacter(sample: number): string {
  return " ?.oox-! "[sampleOutcome(sample)]?.replace("?", " ") ?? " ";
}

/** Whether the peer heard a probe that was lost: its own word, in the heard-fields of its probes. */
export const HEARD = { unknown: 0, yes: 1, no: 2 } as const;

export type HeardCode = (typeof HEARD)[keyof typeof HEARD];

/** A lost sample with what is known of its way out. */
export function withHeard(sample: number, heard: HeardCode): number {
  return ((sample & ~MAX_RTT_US) | heard) >>> 0;
}

/** Of a lost sample. */
export function sampleHeard(sample: number): HeardCode {
  return (sample & 3) as HeardCode;
}
