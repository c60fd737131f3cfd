/** Lines of a table with a head; a column is as wide as its widest cell. Cells are escaped already. */
export interface Column<Row> {
  readonly title: string;
  readonly align: "left" | "right";
  readonly cell: (row: Row) => string;
}

export function tableLines<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
  const body = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, index) => Math.max(width(column.title), ...body.map((cells) => width(cells[index] ?? ""))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const pad = " ".repeat(Math.max(0, (widths[index] ?? 0) - width(cell)));
        return columns[index]?.align === "right" ? pad + cell : cell + pad;
      })
      .join("  ")
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...body.map(line)];
}

function width(text: string): number {
  return [...text].length;
}
