/** Who asks, from the Authorization header, before anything of the body is read. */
import type { IncomingMessage } from "node:http";
import { isLoopback } from "../../packet/address.ts";
import type { Holder, TokenBook } from "../tokens/token-book.ts";
import { Refusal } from "./refusal.ts";
import type { Access } from "./router.ts";

const REALM = 'Bearer realm="meshprobe"';

/** Throws Refusal: 401 without a token that is valid, 403 with one that may not do this. Null where nobody needs to be known. */
export function authorise(
  request: IncomingMessage,
  { access, tokens }: { readonly access: Access; readonly tokens: Pick<TokenBook, "holderOf"> },
): Holder | null {
  const given = request.headersDistinct["authorization"];
  if (access === "open" || (access === "local" && given === undefined && isFromHere(request))) return null;
  const [first = ""] = given ?? [];
  if (given === undefined || !/^Bearer\b/i.test(first)) throw unauthorised("there is no Authorization: Bearer", REALM);
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(first)?.[1];
  const holder = token === undefined || given.length > 1 ? null : tokens.holderOf(token);
  if (holder === null) throw unauthorised("the token is not valid", `${REALM}, error="invalid_token"`);
  const role = access === "node" ? "node" : "reader";
  if (holder.role !== role)
    throw new Refusal(403, "forbidden", { message: role === "node" ? "a reader token writes nothing" : "a node token reads nothing" });
  return holder;
}

/** Not through a proxy on this machine: what comes through one comes from anywhere. */
function isFromHere({ socket, headers }: IncomingMessage): boolean {
  const isForwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].some((name) => headers[name] !== undefined);
  return !isForwarded && isLoopback((socket.remoteAddress ?? "").replace(/^::ffff:/, ""));
}

function unauthorised(message: string, challenge: string): Refusal {
  return new Refusal(401, "unauthorised", { message, headers: { "www-authenticate": challenge } });
}
