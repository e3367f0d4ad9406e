/**
 * Refreshes of sessions, counted per door, user and hour, since one line each would drown the audit trail. Written as audit
 * lines when the hour is over, and when the server stops.
 */
import type { Clock } from '../../platform/clock.ts';
import { auditChange } from '../audit/events.ts';
import type { DoorName } from '../gate/types.ts';
import type { Change, Journal } from '../journal/types.ts';

const HOUR_MS = 3_600_000;
const LINES_PER_UNIT = 250;
const MAX_USERS = 200_000;

export class RefreshCounts {
  readonly #journal: Journal;
  readonly #clock: Clock;
  #counts = new Map<DoorName, Map<string, { refreshes: number }>>();
  #hour: number;

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
    this.#hour = Math.floor(clock.now() / HOUR_MS);
  }

  count(door: DoorName, user: string): void {
    if (Math.floor(this.#clock.now() / HOUR_MS) !== this.#hour) this.flush();
    let users = this.#counts.get(door);
    if (users === undefined) {
      users = new Map();
      this.#counts.set(door, users);
    }
    const known = users.get(user);
    if (known) known.refreshes++;
    else users.set(user, { refreshes: 1 });
    if (users.size >= MAX_USERS) this.flush();
  }

  /** Writes what was counted so far, and begins anew. */
  flush(): void {
    const counts = this.#counts;
    const hour = new Date(this.#hour * HOUR_MS).toISOString();
    const time = this.#clock.now();
    this.#counts = new Map();
    this.#hour = Math.floor(time / HOUR_MS);
    let unit: Change[] = [];
    for (const [door, users] of counts) {
      for (const [user, { refreshes: count }] of users) {
        unit.push(auditChange(time, 'refreshed', { door, user, count, hour }));
        if (unit.length < LINES_PER_UNIT) continue;
        this.#journal.append(unit);
        unit = [];
      }
    }
    if (unit.length > 0) this.#journal.append(unit);
  }
}
