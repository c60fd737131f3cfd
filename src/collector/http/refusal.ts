/** A request that is not done: the status, a word for programs and a sentence for people. Never 5xx but 503, which comes with Retry-After. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    options: { readonly message: string; readonly headers?: Readonly<Record<string, string>>; readonly cause?: unknown },
  ) {
    super(options.message, options.cause === undefined ? {} : { cause: options.cause });
    this.status = status;
    this.code = code;
    this.headers = options.headers ?? {};
  }
}

/** As it is written into a body. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

const RETRY_FROM_S = 2;
const RETRY_SPREAD_S = 4;

/** Try again in 2 to 5 s, unless another time is given: spread, so that those who were turned away together do not come back together. */
export function busy(
  code: string,
  message: string,
  { retryAfterS = null, ...more }: { readonly retryAfterS?: number | null; readonly cause?: unknown } = {},
): Refusal {
  const seconds = retryAfterS ?? RETRY_FROM_S + Math.floor(Math.random() * RETRY_SPREAD_S);
  return new Refusal(503, code, { message, headers: { "retry-after": String(seconds) }, ...more });
}
