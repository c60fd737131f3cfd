/** An id as part of a file name. Ours are; those of another version, or of a database made by hand, need not be. */
export function safeName(id: string): string {
  const safe = id.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 80);
  return safe === "" ? "_" : safe;
}
