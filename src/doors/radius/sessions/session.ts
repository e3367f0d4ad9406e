/** A session behind network equipment, as its accounting tells it. Times are milliseconds since the epoch. */
import type { SessionStart } from '../../../core/gate/types.ts';
import type { Attribute } from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE } from '../../../platform/radius/numbers.ts';

export interface RadiusSession {
  /** `radius:` and the session's own name (server/station.ts). */
  readonly name: string;
  /** Empty: the equipment says of nobody. */
  readonly user: string;
  /** As limits and policies know it: Calling-Station-Id, else the address of the equipment. */
  readonly place: string;
  /** The client's name, and where its packets come from. */
  readonly equipment: string;
  readonly address: string;
  /** The same for all sessions of one NAS: what its start and its end are about. */
  readonly station: string;
  /** What the equipment knows it by (RFC 5176 section 3). */
  readonly identity: readonly Attribute[];
  readonly started: number;
  /** 0: no end. */
  ends: number;
  heard: number;
  /** Bytes that the user sent and received. */
  sent: number;
  received: number;
}

/** What an accounting packet says of a session. */
export interface Report extends RadiusSession {
  /** When it happened there. */
  readonly at: number;
}

export function startOf({ name, user, place, started }: RadiusSession): SessionStart {
  return { door: 'radius', session: name, user, client: place, time: started };
}

/** The address that the user was given, if the equipment says so. */
export function addressOf({ identity }: RadiusSession): string | undefined {
  const framed = identity.find(({ type }) => type === ATTRIBUTE.framedIpAddress)?.value;
  return framed?.length === 4 ? framed.join('.') : undefined;
}
