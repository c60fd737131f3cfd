/** A row of figures as a row of characters: the height is the value between the smallest and the largest, `x` a period with loss, a blank one without figures. */
const BLOCKS = [..."▁▂▃▄▅▆▇█"];
/** For terminals that cannot show the blocks. */
const PLAIN = [..."_.-~=*#@"];
/** Below this spread the row is flat: the jitter of a quiet path is no mountain. */
const FLAT_SHARE = 0.2;

export interface SparkOptions {
  readonly width: number;
  readonly unicode: boolean;
}

/** The newest `width` values, on the right; `bad` says of which something was lost. */
export function sparkline(values: readonly (number | null)[], bad: readonly boolean[], { width, unicode }: SparkOptions): string {
  const levels = unicode ? BLOCKS : PLAIN;
  const from = Math.max(0, values.length - width);
  const shown = values.slice(from);
  const known = shown.filter((value) => value !== null);
  const low = Math.min(...known);
  const high = Math.max(...known, low * (1 + FLAT_SHARE), Number.MIN_VALUE);
  const characters = shown.map((value, index) => {
    if (bad[from + index] === true) return "x";
    if (value === null) return " ";
    return levels[Math.min(levels.length - 1, Math.floor(((value - low) / (high - low)) * levels.length))] ?? " ";
  });
  return characters.join("").padStart(width);
}
