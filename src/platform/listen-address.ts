/**
 * `address:port` as configurations write it: `127.0.0.1:8080`, `[::1]:8080`. IP addresses only: what listens where must not
 * hang on a name service.
 */
import { isIP } from 'node:net';

export interface ListenAddress {
  /** Without brackets. */
  readonly address: string;
  readonly port: number;
}

/** Undefined when the text is not of that form. Port 0 lets the system choose. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon);
  const digits = text.slice(colon + 1);
  const bracketed = host.startsWith('[') && host.endsWith(']');
  const address = bracketed ? host.slice(1, -1) : host;
  const port = Number(digits);
  if (colon < 0 || !/^\d{1,5}$/.test(digits) || port > 65535) return undefined;
  return isIP(address) === (bracketed ? 6 : 4) ? { address, port } : undefined;
}

export function listenText({ address, port }: ListenAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
