/** Where a request stands: the place that limits and policies know, and the name of the session. */
import { hash } from 'node:crypto';
import type { SessionName } from '../../../core/gate/types.ts';
import { ATTRIBUTE } from '../packet/numbers.ts';
import type { Packet } from '../packet/packet.ts';
import type { RadiusClient } from './clients.ts';

const LONGEST_PLACE = 128;

/** Calling-Station-Id, a MAC as `02:00:5e:10:00:01` however it is written; else the address that the request came from. */
export function placeOf(packet: Packet, from: string): string {
  const station = packet.text(ATTRIBUTE.callingStationId);
  if (!station || station.length > LONGEST_PLACE) return from;
  const mac = /^(?:[0-9a-f]{2}[-:.]?){5}[0-9a-f]{2}$|^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(station);
  return mac
    ? station
        .toLowerCase()
        .replaceAll(/[-:.]/g, '')
        .replaceAll(/..(?=.)/g, '$&:')
    : station;
}

/** The session that a request is about: the same for all requests that say so by client, NAS and Acct-Session-Id. */
export class SessionOf implements SessionName {
  readonly #packet: Packet;
  readonly #client: RadiusClient;

  constructor(packet: Packet, client: RadiusClient) {
    this.#packet = packet;
    this.#client = client;
  }

  get session(): string {
    const packet = this.#packet;
    const parts = [
      Buffer.from(this.#client.name),
      packet.first(ATTRIBUTE.nasIdentifier),
      packet.first(ATTRIBUTE.nasIpAddress) ?? packet.first(ATTRIBUTE.nasIpv6Address),
      packet.first(ATTRIBUTE.acctSessionId) ?? packet.authenticator,
    ];
    const digest = hash('sha256', parts.map((part) => part?.toString('hex') ?? '').join('/'));
    return `radius:${digest.slice(0, 16)}`;
  }
}
