/** Where a request stands: the place that limits and policies know, and the name of the session. */
import { hash } from 'node:crypto';
import type { SessionName } from '../../../core/gate/types.ts';
import { ATTRIBUTE } from '../../../platform/radius/numbers.ts';
import type { Packet } from '../../../platform/radius/packet.ts';
import type { RadiusClient } from './clients.ts';

const LONGEST_PLACE = 128;

/** Calling-Station-Id, a MAC as `02:00:5e:10:00:01` however it is written; else the address that the request came from. */
export function placeOf(packet: Packet, from: string): string {
  const station = packet.text(ATTRIBUTE.callingStationId);
  return !station || station.length > LONGEST_PLACE ? from : stationText(station);
}

/** A MAC as `02:00:5e:10:00:01` however it is written, all else as it is. */
export function stationText(station: string): string {
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

  /** The card that asks: not the equipment, behind which others are. */
  get place(): string | undefined {
    return this.#packet.has(ATTRIBUTE.callingStationId) ? placeOf(this.#packet, '') : undefined;
  }

  get session(): string {
    const packet = this.#packet;
    const session = packet.first(ATTRIBUTE.acctSessionId) ?? packet.authenticator;
    return `radius:${digestOf([...nasOf(packet, this.#client), session])}`;
  }
}

/** Which NAS it is: several may stand behind one address. */
export function stationOf(packet: Packet, client: RadiusClient, from: string): string {
  return digestOf([...nasOf(packet, client), Buffer.from(from)]);
}

function nasOf(packet: Packet, client: RadiusClient): (Buffer | undefined)[] {
  const address = packet.first(ATTRIBUTE.nasIpAddress) ?? packet.first(ATTRIBUTE.nasIpv6Address);
  return [Buffer.from(client.name), packet.first(ATTRIBUTE.nasIdentifier), address];
}

function digestOf(parts: readonly (Buffer | undefined)[]): string {
  return hash('sha256', parts.map((part) => part?.toString('hex') ?? '').join('/')).slice(0, 16);
}
