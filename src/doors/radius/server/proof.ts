/** What an Access-Request proves with: a password, PIN and one-time password, the answer to a challenge, CHAP or MS-CHAP. */
import type { Proof } from '../../../core/gate/types.ts';
import type { MsChapResponse } from '../../../core/proofs/ms-chap.ts';
import { ATTRIBUTE } from '../../../platform/radius/numbers.ts';
import type { Packet } from '../../../platform/radius/packet.ts';
import { revealPassword } from '../../../platform/radius/user-password.ts';
import type { RadiusClient } from './clients.ts';
import { msChapIn } from './ms-chap.ts';

const TRANSACTION = /^[0-9.]{1,64}$/;

/** The method that is asked for and not there. */
export function unsupported(packet: Packet, { proof }: RadiusClient): string | undefined {
  if (packet.has(ATTRIBUTE.eapMessage)) return 'EAP';
  // They show that somebody knows a password, and say nothing of a one-time password.
  if (proof === 'password') return undefined;
  if (packet.has(ATTRIBUTE.chapPassword)) return 'CHAP with one-time passwords';
  return msChapIn(packet, '') === undefined ? undefined : 'MS-CHAP with one-time passwords';
}

/** Undefined: none, two, or none of their form. `username`: as it stands in the packet. */
export function proofOf(packet: Packet, client: RadiusClient, username: string): Proof | undefined {
  const hidden = packet.first(ATTRIBUTE.userPassword);
  const chap = packet.first(ATTRIBUTE.chapPassword);
  const msChap = msChapIn(packet, username);
  const given = Number(hidden !== undefined) + Number(chap !== undefined) + Number(msChap !== undefined);
  if (given !== 1) return undefined;
  const state = packet.first(ATTRIBUTE.state);
  if (hidden === undefined) return state === undefined ? responseIn(packet, chap, msChap) : undefined;
  const password = revealPassword(hidden, packet.authenticator, client.secret)?.toString();
  if (password === undefined) return undefined;
  if (state === undefined)
    return client.proof === 'otp' ? { kind: 'otp', pass: password } : { kind: 'password', password };
  const transaction = state.toString('latin1');
  if (!TRANSACTION.test(transaction)) return undefined;
  return client.proof === 'otp'
    ? { kind: 'otp', pass: password, transaction }
    : { kind: 'answer', transaction, code: password };
}

function responseIn(
  packet: Packet,
  chap: Buffer | undefined,
  msChap: MsChapResponse | 'malformed' | undefined,
): Proof | undefined {
  if (msChap !== undefined) return msChap === 'malformed' ? undefined : { kind: 'ms-chap', ...msChap };
  if (chap?.length !== 17) return undefined;
  const challenge = packet.first(ATTRIBUTE.chapChallenge) ?? packet.authenticator;
  return { kind: 'chap', identifier: chap[0]!, challenge, response: chap.subarray(1) };
}
