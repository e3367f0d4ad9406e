/** What /validate/check_status may tell of a transaction. */
import type { Challenges } from './challenges.ts';
import type { Shelf } from './shelf.ts';
import type { ChallengeDesk } from './types.ts';

export function challengeDesk(challenges: Challenges, shelf: Pick<Shelf, 'get'>): ChallengeDesk {
  return {
    status: (asked) =>
      challenges.of(asked).map(({ transaction, serial, message, tries, answered, open }) => ({
        transaction,
        serial,
        // Only they are sent codes.
        type: shelf.get(serial)?.type ?? 'sms',
        message,
        receivedCount: tries,
        receivedTan: tries > 0,
        validTan: answered,
        open,
      })),
  };
}
