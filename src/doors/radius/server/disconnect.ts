/** Asks equipment to put somebody out: Disconnect-Request (RFC 5176 section 2.1), within the second, and again where nothing is said. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../platform/clock.ts';
import type { Asker } from '../../../platform/radius/asker.ts';
import { numberAttribute } from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE, CODE } from '../../../platform/radius/numbers.ts';
import type { RadiusSession } from '../sessions/session.ts';
import type { Clients } from './clients.ts';

export interface DisconnectAnswer {
  /** It is out now, or was not in any more. */
  readonly isOut: boolean;
  /** `ack`, `nak 503`, `no answer`: for people. */
  readonly text: string;
}

/** Milliseconds between tries; RFC 5080 section 2.2.1 begins with two seconds, which is too long for somebody who is to be out now. */
export const DISCONNECT_PATIENCE = [400, 800, 1_200, 1_600];
/** Session-Context-Not-Found. */
const NOT_FOUND = 503;

export async function disconnect(
  { equipment, address, identity }: RadiusSession,
  parts: { readonly asker: Asker; readonly clients: Clients; readonly clock: Clock },
): Promise<DisconnectAnswer> {
  const client = parts.clients.named(equipment) ?? parts.clients.find(address);
  if (client === undefined) return { isOut: false, text: 'no such client any more' };
  const now = numberAttribute(ATTRIBUTE.eventTimestamp, Math.floor(parts.clock.now() / 1000));
  const question = { code: CODE.disconnectRequest, authenticator: randomBytes(16), attributes: [...identity, now] };
  const peer = { address, port: client.disconnectPort, secret: client.secret, signs: false };
  const reply = await parts.asker.ask(peer, question);
  if (reply === undefined) return { isOut: false, text: 'no answer' };
  if (reply.code === CODE.disconnectAck) return { isOut: true, text: 'ack' };
  const cause = reply.number(ATTRIBUTE.errorCause);
  return { isOut: cause === NOT_FOUND, text: cause === undefined ? 'nak' : `nak ${cause}` };
}
