/**
 * What a device is told that asks whether it is captive (RFC 8908 section 5): `application/captive+json`, at an address that DHCP can announce
 * (RFC 8910), and for whoever wants that type at any other address of ours.
 *
 * Seconds and bytes are left out where there is no limit. Where a session has one in each direction, the nearer one counts.
 */
import { type Bytes, type Client, isInside } from '../clients.ts';

export const CAPTIVE_PATH = '/captive-portal';
export const CAPTIVE_TYPE = 'application/captive+json';

export interface CaptiveQuestion {
  /** Undefined: nobody knows his card. */
  readonly client: Client | undefined;
  readonly isTrusted: boolean;
  /** Where people log in and out. */
  readonly page: string;
  /** About the place. */
  readonly venue: string | undefined;
  /** Of what several devices share; 0: no limit. */
  readonly shared: Bytes;
  readonly now: number;
}

export function captiveState({ client, isTrusted, page, venue, shared, now }: CaptiveQuestion): string {
  const state: Record<string, unknown> = {
    captive: !isTrusted && !(client && isInside(client)),
    'user-portal-url': page,
    'venue-info-url': venue,
    'can-extend-session': false,
  };
  const { session } = client ?? {};
  if (session && !state.captive) {
    const { ends, most, sent, received } = session;
    if (ends > 0) state['seconds-remaining'] = Math.max(0, Math.ceil((ends - now) / 1000));
    const bytes = Math.min(
      most.sent > 0 ? most.sent - sent : Infinity,
      most.received > 0 ? most.received - received : Infinity,
      shared.sent || Infinity,
      shared.received || Infinity,
    );
    if (bytes < Infinity) state['bytes-remaining'] = Math.max(0, bytes);
  }
  return `${JSON.stringify(state)}\n`;
}

export function wantsCaptiveState(path: string, accept: string | undefined): boolean {
  return path === CAPTIVE_PATH || accept?.includes(CAPTIVE_TYPE) === true;
}
