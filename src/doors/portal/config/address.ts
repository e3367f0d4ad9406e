/** Addresses as configurations write them, in the one form that the firewall takes. */
import { isIPv4, isIPv6 } from 'node:net';

/** `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`; a dotted mask becomes a length, host bits are cleared. Undefined: none of these. */
export function networkOf(text: string): string | undefined {
  const [address = '', mask, ...rest] = text.split('/');
  if (rest.length > 0) return undefined;
  if (isIPv4(address)) {
    const length = mask === undefined ? 32 : isIPv4(mask) ? lengthOf(mask) : lengthIn(mask, 32);
    if (length === undefined) return undefined;
    if (length === 32) return dotted(numberOf(address));
    return `${dotted(numberOf(address) & maskOf(length))}/${length}`;
  }
  // With a zone it belongs to one link only.
  if (!isIPv6(address) || address.includes('%')) return undefined;
  const length = mask === undefined ? 128 : lengthIn(mask, 128);
  if (length === undefined) return undefined;
  return length === 128 ? address.toLowerCase() : `${address.toLowerCase()}/${length}`;
}

/** In lower case with colons; undefined: it is no address of one card. */
export function macOf(text: string): string | undefined {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) ? text.toLowerCase() : undefined;
}

function lengthIn(text: string, most: number): number | undefined {
  return /^\d{1,3}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

/** Undefined where ones follow zeros. */
function lengthOf(mask: string): number | undefined {
  const ones = Math.clz32(~numberOf(mask));
  return numberOf(mask) === maskOf(ones) ? ones : undefined;
}

function maskOf(length: number): number {
  return length === 0 ? 0 : -1 << (32 - length);
}

/** 32 bits, signed. */
function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}
