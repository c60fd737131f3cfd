import { padEnd, padStart, textWidth } from "./width.ts";

/** Lines of a table with a head; a column is as wide as its widest cell. Cells are escaped already. */
export interface Column<Row> {
  readonly title: string;
  readonly align: "left" | "right";
  readonly cell: (row: Row) => string;
}

export function tableLines<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
  const body = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, index) => Math.max(textWidth(column.title), ...body.map((cells) => textWidth(cells[index] ?? ""))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (columns[index]?.align === "right" ? padStart : padEnd)(cell, widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...body.map(line)];
}
