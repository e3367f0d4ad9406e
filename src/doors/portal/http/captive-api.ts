/**
 * What a device is told that asks whether it is captive (RFC 8908 section 5): `application/captive+json`, at an address that DHCP can announce
 * (RFC 8910), and for whoever wants that type at any other address of ours.
 *
 * Seconds and bytes are left out where there is no limit. Where a session has one in each direction, the nearer one counts.
 */
import { type Client, isInside } from '../clients.ts';

export const CAPTIVE_PATH = '/captive-portal';
export const CAPTIVE_TYPE = 'application/captive+json';

/** `client`: undefined, nobody knows his card. `page`: where people log in and out. */
export function captiveState(client: Client | undefined, isTrusted: boolean, page: string, now: number): string {
  const state: Record<string, unknown> = {
    captive: !isTrusted && !(client && isInside(client)),
    'user-portal-url': page,
    'can-extend-session': false,
  };
  const { session } = client ?? {};
  if (session && !state.captive) {
    const { ends, most, sent, received } = session;
    if (ends > 0) state['seconds-remaining'] = Math.max(0, Math.ceil((ends - now) / 1000));
    const left = [most.sent > 0 ? most.sent - sent : Infinity, most.received > 0 ? most.received - received : Infinity];
    const bytes = Math.min(...left);
    if (bytes < Infinity) state['bytes-remaining'] = Math.max(0, bytes);
  }
  return `${JSON.stringify(state)}\n`;
}

export function wantsCaptiveState(path: string, accept: string | undefined): boolean {
  return path === CAPTIVE_PATH || accept?.includes(CAPTIVE_TYPE) === true;
}
