/**
 * Disconnect-Requests that come in (RFC 5176): a client that may do so has sessions ended that came in by any equipment, which is asked in
 * its turn. CoA-Requests are refused: what a session may do is what policies say.
 */
import type { Answer } from '../../../core/answer.ts';
import type { Clock } from '../../../platform/clock.ts';
import { describeError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import { type Attribute, numberAttribute } from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import type { Packet } from '../../../platform/radius/packet.ts';
import type { RadiusSession } from '../sessions/session.ts';
import type { RadiusSessions } from '../sessions/sessions.ts';
import type { RadiusClient } from './clients.ts';
import type { Outcome } from './outcome.ts';

export interface DynamicParts {
  readonly sessions: Pick<RadiusSessions, 'all' | 'end'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Error-Cause (RFC 5176 section 3.5). */
const CAUSE = {
  unsupportedAttribute: 401,
  missingAttribute: 402,
  unsupportedService: 405,
  prohibited: 501,
  notRoutable: 502,
  notFound: 503,
} as const;

/** One of these has to say who is meant; the others only narrow it down. */
const WHO: readonly number[] = [
  ATTRIBUTE.userName,
  ATTRIBUTE.framedIpAddress,
  ATTRIBUTE.callingStationId,
  ATTRIBUTE.acctSessionId,
  ATTRIBUTE.acctMultiSessionId,
];
const WHERE: readonly number[] = [
  ATTRIBUTE.nasIpAddress,
  ATTRIBUTE.nasPort,
  ATTRIBUTE.calledStationId,
  ATTRIBUTE.nasIdentifier,
  ATTRIBUTE.nasPortId,
  ATTRIBUTE.nasIpv6Address,
];
/** What says nothing of whom is meant. */
const BESIDE: readonly number[] = [
  ATTRIBUTE.replyMessage,
  ATTRIBUTE.proxyState,
  ATTRIBUTE.acctTerminateCause,
  ATTRIBUTE.eventTimestamp,
  ATTRIBUTE.messageAuthenticator,
];
/** An older request is one that was recorded (section 6.3). */
const WINDOW_SECONDS = 300;

export class DynamicRequests {
  readonly #parts: DynamicParts;

  constructor(parts: DynamicParts) {
    this.#parts = parts;
  }

  answer(packet: Packet, client: RadiusClient): Answer<Outcome> {
    const written = packet.number(ATTRIBUTE.eventTimestamp);
    if (written !== undefined && Math.abs(written - this.#parts.clock.now() / 1000) > WINDOW_SECONDS) return 'silent';
    if (packet.code !== CODE.disconnectRequest) return nak(CODE.coaNak, CAUSE.unsupportedService);
    if (!client.mayDisconnect) return nak(CODE.disconnectNak, CAUSE.prohibited);
    const named = [...packet.attributes()].filter(({ type }) => !BESIDE.includes(type));
    if (!named.every(({ type }) => WHO.includes(type) || WHERE.includes(type)))
      return nak(CODE.disconnectNak, CAUSE.unsupportedAttribute);
    if (!named.some(({ type }) => WHO.includes(type))) return nak(CODE.disconnectNak, CAUSE.missingAttribute);
    const meant = [...this.#parts.sessions.all()].filter((session) => named.every((one) => has(session, one)));
    return meant.length === 0 ? nak(CODE.disconnectNak, CAUSE.notFound) : this.#end(meant, client);
  }

  async #end(meant: readonly RadiusSession[], client: RadiusClient): Promise<Outcome> {
    const { log, sessions } = this.#parts;
    try {
      await Promise.all(meant.map(({ name }) => sessions.end(name, 'kicked')));
      return { code: CODE.disconnectAck, attributes: [] };
    } catch (error) {
      log.warn('sessions that a client wanted to end go on', { client: client.name, error: describeError(error) });
      return nak(CODE.disconnectNak, CAUSE.notRoutable);
    }
  }
}

function has({ identity }: RadiusSession, { type, value }: Attribute): boolean {
  return identity.some((own) => own.type === type && own.value.equals(value));
}

function nak(code: typeof CODE.disconnectNak | typeof CODE.coaNak, cause: number): Outcome {
  return { code, attributes: [numberAttribute(ATTRIBUTE.errorCause, cause)] };
}
