/** The arguments of a BinAuth program, as nodogsplash 4.5.1 gives them: their order, and the encoding of what clients wrote. */
import type { Bytes } from '../clients.ts';
import { percentEncode } from '../percent.ts';

/** The first argument. */
export const METHOD = /^(?:auth_client|(?:client|idle|timeout|ndsctl|shutdown)_(?:auth|deauth))$/;

export interface Question {
  readonly mac: string;
  /** Empty: none was given. */
  readonly user: string;
  readonly password: string;
  readonly redir: string;
  readonly userAgent: string;
  readonly address: string;
}

/** Times in milliseconds since the epoch; 0 = unknown or no end. */
export interface Notice {
  readonly event: string;
  readonly mac: string;
  readonly bytes: Bytes;
  readonly started: number;
  readonly ends: number;
}

export function questionArguments({ mac, user, password, redir, userAgent, address }: Question): string[] {
  const given = [user, password].map((text) => (text === '' ? 'na' : percentEncode(text)));
  return ['auth_client', mac, ...given, percentEncode(redir), percentEncode(userAgent), address];
}

/** Incoming is what the client received. */
export function noticeArguments({ event, mac, bytes, started, ends }: Notice): string[] {
  const seconds = [started, ends].map((time) => String(Math.floor(time / 1000)));
  return [event, mac, String(bytes.received), String(bytes.sent), ...seconds];
}
