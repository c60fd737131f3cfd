/** Percent with one decimal, null when nothing was sent. */
export function lossPct(sent: number, received: number): number | null {
  return sent === 0 ? null : Math.round((Math.max(0, sent - received) / sent) * 1000) / 10;
}
