/**
 * Whom a Disconnect- or CoA-Request means (RFC 5176 section 3): the sessions of which all is true that it says of session and NAS.
 *
 * Sessions of other doors than this one are known by user, address, card or line, and by the name that `who` shows; they stand behind no NAS.
 * A telephone's registration gives nobody access to a network: only its own name means it.
 */
import { isIPv6, SocketAddress } from 'node:net';
import type { SessionInfo } from '../../../core/doors/types.ts';
import type { Attribute } from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE } from '../../../platform/radius/numbers.ts';
import type { RadiusSession } from '../sessions/session.ts';
import { stationText } from './station.ts';

/** One of these has to say who is meant; the others only narrow it down. */
export const WHO: ReadonlySet<number> = new Set([
  ATTRIBUTE.userName,
  ATTRIBUTE.framedIpAddress,
  ATTRIBUTE.callingStationId,
  ATTRIBUTE.acctSessionId,
  ATTRIBUTE.acctMultiSessionId,
  ATTRIBUTE.chargeableUserIdentity,
  ATTRIBUTE.framedInterfaceId,
  ATTRIBUTE.framedIpv6Prefix,
  ATTRIBUTE.framedIpv6Address,
]);
const NAS: ReadonlySet<number> = new Set([ATTRIBUTE.nasIpAddress, ATTRIBUTE.nasIdentifier, ATTRIBUTE.nasIpv6Address]);
const WHERE: ReadonlySet<number> = new Set([ATTRIBUTE.nasPort, ATTRIBUTE.calledStationId, ATTRIBUTE.nasPortId]);

/** Doors that let somebody into a network. */
const NETWORK_DOORS = ['portal', 'dial'];

export function identifies(type: number): boolean {
  return WHO.has(type) || NAS.has(type) || WHERE.has(type);
}

export interface MeantParts {
  readonly sessions: { all(): Iterable<RadiusSession> };
  /** Of the other doors. */
  readonly directory: { in(door: string): Iterable<SessionInfo> };
}

/** Their names. `elsewhere`: there are some, but at another NAS than the one that is named. */
export function whoIsMeant(named: readonly Attribute[], { sessions, directory }: MeantParts): string[] | 'elsewhere' {
  const atNas = named.filter(({ type }) => NAS.has(type));
  const own = named.filter(({ type }) => !NAS.has(type));
  const found: { readonly name: string; readonly isThere: boolean }[] = [];
  for (const session of sessions.all())
    if (own.every((one) => isOfEquipment(session, one)))
      found.push({ name: session.name, isThere: atNas.every((one) => isOfEquipment(session, one)) });
  const called = named.find(({ type }) => type === ATTRIBUTE.acctSessionId)?.value.toString() ?? '';
  for (const door of called.startsWith('sip:') ? ['sip'] : NETWORK_DOORS)
    for (const session of directory.in(door))
      if (own.every((one) => isOfDoor(session, one)))
        found.push({ name: session.session, isThere: atNas.length === 0 });
  const there = found.filter(({ isThere }) => isThere);
  return there.length === 0 && found.length > 0 ? 'elsewhere' : there.map(({ name }) => name);
}

/** As its accounting said it, or as it is known here. */
function isOfEquipment({ identity, name, user }: RadiusSession, { type, value }: Attribute): boolean {
  if (value.length === 0) return false;
  const text = value.toString();
  if (type === ATTRIBUTE.userName && text === user) return true;
  if (type === ATTRIBUTE.acctSessionId && text === name) return true;
  const station = type === ATTRIBUTE.callingStationId ? stationText(text) : undefined;
  return identity.some(
    (own) =>
      own.type === type &&
      (station === undefined ? own.value.equals(value) : stationText(own.value.toString()) === station),
  );
}

function isOfDoor({ session, user, client, detail }: SessionInfo, { type, value }: Attribute): boolean {
  const text = value.toString();
  switch (type) {
    case ATTRIBUTE.userName:
      return text !== '' && text === user;
    case ATTRIBUTE.acctSessionId:
      return text === session;
    case ATTRIBUTE.callingStationId:
      return stationText(text) === detail.mac || text === client;
    case ATTRIBUTE.nasPortId:
      return text === detail.line;
    case ATTRIBUTE.framedIpAddress:
      return value.length === 4 && value.join('.') === client;
    case ATTRIBUTE.framedIpv6Address:
      return value.length === 16 && isIPv6(client) && plain(hexGroups(value)) === plain(client);
    default:
      return false;
  }
}

function hexGroups(value: Buffer): string {
  return value.toString('hex').replaceAll(/.{4}(?=.)/g, '$&:');
}

/** One address has one text. */
function plain(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address;
}
