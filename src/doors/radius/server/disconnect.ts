/**
 * Asks equipment to put somebody out, or to give him other terms: Disconnect-Request and CoA-Request (RFC 5176 section 2), within the second,
 * and again where nothing is said.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../platform/clock.ts';
import type { Asker } from '../../../platform/radius/asker.ts';
import { type Attribute, numberAttribute } from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import type { Packet } from '../../../platform/radius/packet.ts';
import type { RadiusSession } from '../sessions/session.ts';
import type { Clients } from './clients.ts';

export interface DisconnectAnswer {
  /** It is out now, or was not in any more. */
  readonly isOut: boolean;
  /** `ack`, `nak 503`, `no answer`: for people. */
  readonly text: string;
}

/** What equipment says to other terms. */
export interface ChangeAnswer {
  readonly isDone: boolean;
  /** As above. */
  readonly text: string;
  /** Error-Cause of its NAK (RFC 5176 section 3.5); 502 where it could not be asked, or said nothing. */
  readonly cause?: number | undefined;
}

/** Milliseconds between tries; RFC 5080 section 2.2.1 begins with two seconds, which is too long for somebody who is to be out now. */
export const DISCONNECT_PATIENCE = [400, 800, 1_200, 1_600];
/** Error-Cause. */
const NOT_ROUTABLE = 502;
const NOT_FOUND = 503;

export interface DynamicClientParts {
  readonly asker: Asker;
  readonly clients: Clients;
  readonly clock: Clock;
}

export async function disconnect(session: RadiusSession, parts: DynamicClientParts): Promise<DisconnectAnswer> {
  const reply = await ask(session, CODE.disconnectRequest, [], parts);
  if (typeof reply === 'string') return { isOut: false, text: reply };
  if (reply.code === CODE.disconnectAck) return { isOut: true, text: 'ack' };
  return { isOut: reply.number(ATTRIBUTE.errorCause) === NOT_FOUND, text: nakText(reply) };
}

export async function changeTerms(
  session: RadiusSession,
  terms: readonly Attribute[],
  parts: DynamicClientParts,
): Promise<ChangeAnswer> {
  const reply = await ask(session, CODE.coaRequest, terms, parts);
  if (typeof reply === 'string') return { isDone: false, text: reply, cause: NOT_ROUTABLE };
  if (reply.code === CODE.coaAck) return { isDone: true, text: 'ack' };
  return { isDone: false, text: nakText(reply), cause: reply.number(ATTRIBUTE.errorCause) };
}

async function ask(
  { equipment, address, identity }: RadiusSession,
  code: number,
  terms: readonly Attribute[],
  { asker, clients, clock }: DynamicClientParts,
): Promise<Packet | string> {
  const client = clients.named(equipment) ?? clients.find(address);
  if (client === undefined) return 'no such client any more';
  const now = numberAttribute(ATTRIBUTE.eventTimestamp, Math.floor(clock.now() / 1000));
  const question = { code, authenticator: randomBytes(16), attributes: [...identity, now, ...terms] };
  const peer = { address, port: client.disconnectPort, secret: client.secret, signs: false };
  return (await asker.ask(peer, question)) ?? 'no answer';
}

function nakText(reply: Packet): string {
  const cause = reply.number(ATTRIBUTE.errorCause);
  return cause === undefined ? 'nak' : `nak ${cause}`;
}
