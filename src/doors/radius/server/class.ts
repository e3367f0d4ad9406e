/**
 * What an Accept gives to the equipment to come back with accounting (RFC 2865 section 5.25): whose session it is, and how long it may
 * last, so that neither has to be remembered here nor found out anew.
 */
import { ATTRIBUTE } from '../../../platform/radius/numbers.ts';
import type { Packet } from '../../../platform/radius/packet.ts';

export interface SessionClass {
  readonly login: string;
  /** Undefined: no end. */
  readonly seconds: number | undefined;
}

const FORM = /^gatehouse:(\d{0,10}):([^\p{Cc}]{1,220})$/u;

/** Undefined: the login is too long for it. */
export function classAttribute({ login, seconds }: SessionClass) {
  const value = Buffer.from(`gatehouse:${seconds ?? ''}:${login}`);
  return value.length <= 240 ? { type: ATTRIBUTE.class, value } : undefined;
}

/** Undefined: the packet has none of ours. */
export function classIn(packet: Packet): SessionClass | undefined {
  for (const value of packet.all(ATTRIBUTE.class)) {
    const [, seconds, login] = FORM.exec(value.toString()) ?? [];
    if (login !== undefined) return { login, seconds: seconds ? Number(seconds) : undefined };
  }
  return undefined;
}
