/**
 * Accounting-Requests (RFC 2866): sessions that begin, go on and end at the equipment. Acknowledged when what they say is durable; where
 * it cannot be written nothing is said, so that the equipment keeps it and tells it again.
 */
import type { Answer } from '../../../core/answer.ts';
import type { EndReason } from '../../../core/gate/types.ts';
import type { UserSource } from '../../../core/users/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Attribute } from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import type { Packet } from '../../../platform/radius/packet.ts';
import type { Report } from '../sessions/session.ts';
import type { RadiusSessions } from '../sessions/sessions.ts';
import { classIn, type SessionClass } from './class.ts';
import type { RadiusClient } from './clients.ts';
import type { Outcome, Said } from './outcome.ts';
import { placeOf, SessionOf, stationOf } from './station.ts';

export interface AccountingParts {
  readonly sessions: Pick<RadiusSessions, 'opened' | 'closed' | 'allClosed'>;
  /** Where a name is looked up that comes without a Class of ours. */
  readonly users: Pick<UserSource, 'find'>;
  readonly clock: Clock;
}

const START = 1;
const STOP = 2;
const INTERIM = 3;
const ON = 7;
const OFF = 8;

const TAKEN: Said = { code: CODE.accountingResponse, attributes: [] };

/** Acct-Terminate-Cause (RFC 2866 section 5.10), where it is not that somebody went. */
const REASONS: Readonly<Record<number, EndReason>> = {
  4: 'expired', // Idle-Timeout
  5: 'expired', // Session-Timeout
  6: 'kicked', // Admin-Reset
  7: 'removed', // Admin-Reboot
  8: 'removed', // Port-Error
  9: 'removed', // NAS-Error
  10: 'removed', // NAS-Request
  11: 'removed', // NAS-Reboot
};

/** What a Disconnect-Request may name a session by (RFC 5176 section 3). */
const IDENTITY = [
  ATTRIBUTE.userName,
  ATTRIBUTE.nasIpAddress,
  ATTRIBUTE.nasPort,
  ATTRIBUTE.framedIpAddress,
  ATTRIBUTE.calledStationId,
  ATTRIBUTE.callingStationId,
  ATTRIBUTE.nasIdentifier,
  ATTRIBUTE.acctSessionId,
  ATTRIBUTE.acctMultiSessionId,
  ATTRIBUTE.nasPortId,
  ATTRIBUTE.chargeableUserIdentity,
  ATTRIBUTE.nasIpv6Address,
  ATTRIBUTE.framedInterfaceId,
  ATTRIBUTE.framedIpv6Prefix,
  ATTRIBUTE.framedIpv6Address,
];

export class AccountingRequests {
  readonly #parts: AccountingParts;

  constructor(parts: AccountingParts) {
    this.#parts = parts;
  }

  /** `from`: the address that the request came from. */
  answer(packet: Packet, client: RadiusClient, from: string): Answer<Outcome> {
    const status = packet.number(ATTRIBUTE.acctStatusType);
    const { sessions } = this.#parts;
    if (status === ON || status === OFF)
      return this.#when(sessions.allClosed(stationOf(packet, client, from), this.#timeOf(packet)));
    // Neither can be missing (sections 5.1 and 5.5): there is nothing that could be written down.
    if (status === undefined || !packet.has(ATTRIBUTE.acctSessionId)) return 'silent';
    if (status !== START && status !== INTERIM && status !== STOP) return TAKEN;
    return this.#tell(status, packet, client, from);
  }

  async #tell(status: number, packet: Packet, client: RadiusClient, from: string): Promise<Outcome> {
    const known = classIn(packet) ?? (await this.#look(packet));
    const report = this.#reportOf(packet, client, from, known);
    const cause = packet.number(ATTRIBUTE.acctTerminateCause) ?? 0;
    const { sessions } = this.#parts;
    return this.#when(status === STOP ? sessions.closed(report, REASONS[cause] ?? 'logout') : sessions.opened(report));
  }

  async #when(written: Promise<void>): Promise<Outcome> {
    try {
      await written;
      return TAKEN;
    } catch {
      return 'later';
    }
  }

  /** A source that is away, or does not know him: then he is who the equipment says. */
  async #look(packet: Packet): Promise<SessionClass> {
    const name = packet.text(ATTRIBUTE.userName) ?? '';
    const at = name.lastIndexOf('@');
    const asked = at < 0 ? ([name, ''] as const) : ([name.slice(0, at), name.slice(at + 1)] as const);
    const account = name === '' ? null : await Promise.resolve(this.#parts.users.find(...asked)).catch(() => null);
    return { login: account?.login ?? name, seconds: undefined };
  }

  #reportOf(packet: Packet, client: RadiusClient, from: string, { login, seconds }: SessionClass): Report {
    const at = this.#timeOf(packet);
    const started = at - 1000 * (packet.number(ATTRIBUTE.acctSessionTime) ?? 0);
    return {
      name: new SessionOf(packet, client).session,
      user: login,
      place: placeOf(packet, from),
      equipment: client.name,
      address: from,
      station: stationOf(packet, client, from),
      identity: IDENTITY.flatMap((type): Attribute[] => {
        const value = packet.first(type);
        // A copy: the packet's memory is the datagram's.
        return value ? [{ type, value: Buffer.from(value) }] : [];
      }),
      started,
      ends: seconds === undefined ? 0 : started + 1000 * seconds,
      heard: this.#parts.clock.now(),
      sent: bytesIn(packet, ATTRIBUTE.acctInputOctets, ATTRIBUTE.acctInputGigawords),
      received: bytesIn(packet, ATTRIBUTE.acctOutputOctets, ATTRIBUTE.acctOutputGigawords),
      at,
    };
  }

  /** When it happened, which may be a while ago (RFC 2866 section 5.2). */
  #timeOf(packet: Packet): number {
    return this.#parts.clock.now() - 1000 * (packet.number(ATTRIBUTE.acctDelayTime) ?? 0);
  }
}

function bytesIn(packet: Packet, low: number, high: number): number {
  return (packet.number(low) ?? 0) + 2 ** 32 * (packet.number(high) ?? 0);
}
