/** An export that cannot be taken as one: not a gzip, too large, an entry that has no business in it. The message is one line. */
export class ArchiveError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ArchiveError";
  }
}
