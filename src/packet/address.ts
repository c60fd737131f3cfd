/** IP addresses as bytes and back; zones are the caller's. Sources: RFC 4291 section 2.2, RFC 5952. */

/** 4 or 16 bytes, null when the text is no IP literal. A zone (`%eth0`) is cut off. */
export function addressBytes(text: string): Uint8Array | null {
  const literal = text.split("%", 1)[0] as string;
  return literal.includes(":") ? ipv6Bytes(literal) : ipv4Bytes(literal);
}

function ipv4Bytes(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return Uint8Array.from(parts, Number);
}

function ipv6Bytes(text: string): Uint8Array | null {
  let body = text;
  const lastColon = body.lastIndexOf(":");
  if (body.slice(lastColon + 1).includes(".")) {
    const tail = ipv4Bytes(body.slice(lastColon + 1));
    if (tail === null) return null;
    const hex = (high: number, low: number): string => (((tail[high] as number) << 8) | (tail[low] as number)).toString(16);
    body = `${body.slice(0, lastColon + 1)}${hex(0, 1)}:${hex(2, 3)}`;
  }
  const halves = body.split("::");
  if (halves.length > 2) return null;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const [head = [], tail = []] = groups;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const all = [...head, ...Array.from({ length: halves.length === 1 ? 0 : missing }, () => "0"), ...tail];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  const bytes = new Uint8Array(16);
  all.forEach((group, index) => {
    const value = Number.parseInt(group, 16);
    bytes[index * 2] = value >>> 8;
    bytes[index * 2 + 1] = value & 255;
  });
  return bytes;
}

/** Whether `bytes` holds this address at `offset`. */
export function holdsAddress(bytes: Uint8Array, offset: number, address: Uint8Array): boolean {
  if (offset + address.length > bytes.length) return false;
  for (let at = 0; at < address.length; at++) if (bytes[offset + at] !== address[at]) return false;
  return true;
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  const bytes = addressBytes(address);
  if (bytes === null) return false;
  return bytes.length === 4 ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

/** 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291 section 2.5.6). */
export function isLinkLocal(address: string): boolean {
  const bytes = addressBytes(address);
  if (bytes === null) return false;
  const [first, second = 0] = bytes;
  return bytes.length === 4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80;
}
