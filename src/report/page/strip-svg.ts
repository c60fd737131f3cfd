/**
 * One line of a strip as SVG: a bar a probe. Heights differ as well as colours, so that a black-and-white print says the same: good is low, late half, lost full.
 * Bars of one kind are one path; a hundred elements a line would make a page of an hour's incident slow.
 */
const PROBE = 6;
const BAR = 5;
const HEIGHT = 22;
const LINE_PROBES = 100;

interface Mark {
  readonly name: string;
  readonly height: number;
}

const MARKS: Readonly<Record<string, Mark>> = {
  ".": { name: "good", height: 6 },
  o: { name: "late", height: 13 },
  x: { name: "lost", height: HEIGHT },
  "-": { name: "blind", height: 10 },
  "!": { name: "failed", height: HEIGHT },
};

/** All lines have one scale, also a last one that is short. */
export function stripSvg(marks: string): string {
  const characters = [...marks];
  const paths = Object.entries(MARKS).flatMap(([character, { name, height }]) => {
    const bars = characters.flatMap((one, index) => (one === character ? [`M${index * PROBE} ${HEIGHT - height}h${BAR}v${height}h-${BAR}z`] : []));
    return bars.length === 0 ? [] : [`<path class="${name}" d="${bars.join("")}"/>`];
  });
  const width = LINE_PROBES * PROBE;
  return `<svg viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${characterText(marks)}">${paths.join("")}</svg>`;
}

/** The same for a legend. */
export function markSvg(mark: string): string {
  const known = MARKS[mark];
  if (known === undefined) return "";
  const { name, height } = known;
  return `<svg class="key" viewBox="0 0 ${BAR} ${HEIGHT}" aria-hidden="true"><path class="${name}" d="M0 ${HEIGHT - height}h${BAR}v${height}h-${BAR}z"/></svg>`;
}

/** For who cannot see it: only characters of our own making are in a strip. */
function characterText(marks: string): string {
  return marks.replaceAll(/[^.ox\-! ]/g, "?");
}
