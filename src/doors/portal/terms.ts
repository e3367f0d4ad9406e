/** What a session may have: as the firewall holds it, after a change, and how bytes add up. Seconds in a change, milliseconds elsewhere. */
import type { SessionChange } from '../../core/doors/types.ts';
import type { Bytes, Place, Session } from './clients.ts';
import type { Member } from './firewall/elements.ts';

export function memberOf(
  { interface: card, address, mac }: Place,
  also: Iterable<string>,
  session: Session,
  now: number,
): Member {
  const { ends, most, before, rate } = session;
  const left = { sent: leftOf(most.sent, before.sent), received: leftOf(most.received, before.received) };
  const leftMs = ends === 0 ? undefined : Math.max(1, ends - now);
  return { interface: card, address, mac, also: [...also], leftMs, left, rate };
}

/** 0 is no limit. */
function leftOf(most: number, before: number): number {
  return most === 0 ? 0 : Math.max(1, most - before);
}

/** What is not spoken of stays. */
export function termsAfter(
  { ends, most, rate, ownRate }: Session,
  { seconds, upload, download, uploadRate, downloadRate }: SessionChange,
  now: number,
): Pick<Session, 'ends' | 'most' | 'rate' | 'ownRate'> {
  return {
    ends: seconds === undefined ? ends : now + 1000 * seconds,
    most: { sent: upload ?? most.sent, received: download ?? most.received },
    rate: { sent: bytesOfBits(uploadRate) ?? rate.sent, received: bytesOfBits(downloadRate) ?? rate.received },
    ownRate: ownRate || uploadRate !== undefined || downloadRate !== undefined,
  };
}

function bytesOfBits(bits: number | undefined): number | undefined {
  return bits === undefined ? undefined : Math.ceil(bits / 8);
}

export function plus(a: Bytes, b: Bytes): Bytes {
  return { sent: a.sent + b.sent, received: a.received + b.received };
}

export function bytesOf({ sent, received }: Bytes): Bytes {
  return { sent, received };
}
