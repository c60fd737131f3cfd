/** Breaks a text at spaces into lines of at most `columns` characters, a longer word on a line of its own; lines after the first are indented by `hang`. */
export function wrap(text: string, columns: number, hang: number = 0): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line.trim() === "" || longer.length <= columns) line = longer;
    else {
      lines.push(line);
      line = " ".repeat(hang) + word;
    }
  }
  return [...lines, line];
}
