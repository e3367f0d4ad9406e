/**
 * A journal that tells of sessions that have opened or ended, once that is durable: what hooks hear is what the audit trail and the history say,
 * whichever door it came from.
 */
import type { Change, Journal } from '../journal/types.ts';
import type { SessionEvent } from './types.ts';

export function toldJournal(journal: Journal, tell: (event: SessionEvent) => void): Journal {
  return {
    append(unit, waiter) {
      const events = eventsOf(unit);
      if (events === undefined) {
        journal.append(unit, waiter);
        return;
      }
      journal.append(unit, {
        settled(error) {
          waiter?.settled(error);
          if (error === undefined) for (const event of events) tell(event);
        },
      });
    },
    drain: () => journal.drain(),
  };
}

/** Undefined: none, as of most units. */
function eventsOf(unit: readonly Change[]): SessionEvent[] | undefined {
  let events: SessionEvent[] | undefined;
  for (const change of unit) {
    if (change.kind === 'history') {
      events ??= [];
      events.push({ event: 'ended', ...change.row });
    } else if (change.kind === 'audit' && change.line.includes(OPENED)) {
      const { door, user, client, session, time } = JSON.parse(change.line);
      events ??= [];
      events.push({ event: 'opened', door, user, client, session, started: Date.parse(time) });
    }
  }
  return events;
}

/** Within a text of JSON the quotes would be behind backslashes. */
const OPENED = ',"event":"opened",';
