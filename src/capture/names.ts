/**
 * Addresses of peers that are written as names: asked again every minute, without blocking, all at once at most a few; the last good address is kept when the
 * resolver is down, which is when it matters.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import pLimit from "p-limit";
import { addressBytes } from "../packet/address.ts";

export const RESOLVE_EVERY_MS = 60_000;
const CONCURRENT_LOOKUPS = 4;

export type Lookup = (host: string) => Promise<string>;

async function systemLookup(host: string): Promise<string> {
  return (await lookup(host)).address;
}

/** Whether it is a literal already (with a zone for link-local). */
export function isLiteral(host: string): boolean {
  return isIP(host) !== 0 || addressBytes(host) !== null;
}

export class Names {
  readonly #known = new Map<string, string>();
  readonly #lookup: Lookup;
  readonly #limit = pLimit(CONCURRENT_LOOKUPS);
  readonly #onProblem: (host: string, error: unknown) => void;

  constructor(options: { readonly lookup?: Lookup; readonly onProblem: (host: string, error: unknown) => void }) {
    this.#lookup = options.lookup ?? systemLookup;
    this.#onProblem = options.onProblem;
  }

  /** The literal itself, or the last good address of a name; null when it was never resolved. */
  address(host: string): string | null {
    return isLiteral(host) ? host : (this.#known.get(host) ?? null);
  }

  /** Asks for all names; `changed` is called for each whose address is new. Never rejects. */
  async resolve(hosts: readonly string[], changed: (host: string, address: string) => void): Promise<void> {
    const names = hosts.filter((host) => !isLiteral(host));
    await Promise.all(
      names.map((host) =>
        this.#limit(async () => {
          try {
            const address = await this.#lookup(host);
            if (this.#known.get(host) === address) return;
            this.#known.set(host, address);
            changed(host, address);
          } catch (error) {
            this.#onProblem(host, error);
          }
        }),
      ),
    );
  }
}
