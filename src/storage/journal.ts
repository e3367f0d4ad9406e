/**
 * Main's side of the journal: gathers units into batches, hands one batch at a time to the worker, settles the waiters.
 *
 * A batch is sent when it holds 500 changes, or 5 ms (refreshes alone: 10) after its first unit came and the worker was free for it; while one is
 * being committed the next ones gather. A unit that is not durable within 2 s of its appending is given up: by the worker, which retries until then, or
 * here, when the database is known to be away or the worker itself hangs (a disk that does not answer). Times in milliseconds of the monotonic clock.
 * Errors: see core/journal/types.ts.
 */
import type { HealthItem } from '../core/doors/types.ts';
import type { Change, Journal, Waiter } from '../core/journal/types.ts';
import type { Clock } from '../platform/clock.ts';
import { describeError, GatehouseError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { addUnit, type Batch, emptyBatch } from './batch.ts';
import { fromText, toText } from './error-text.ts';
import { LostUnits } from './lost-units.ts';
import type { CommitOutcome } from './protocol.ts';

const GATHER_MS = 5;
/** While there are only refreshes: no person waits for one, and most of what a batch costs is the same for each. */
const GATHER_REFRESHES_MS = 10;
const BATCH_CHANGES = 500;
const QUEUE_CHANGES = 20_000;
const GIVE_UP_MS = 2_000;
/** What the worker may take beyond that to come to an end. */
const GRACE_MS = 750;
const LOOK_MS = 250;

/** The way to the worker; `done` is called once and later. */
export type Commit = (batch: Batch, budgetMs: number, done: (outcome: CommitOutcome) => void) => void;

interface Pending {
  readonly batch: Batch;
  readonly waiters: (Waiter | undefined)[];
  changes: number;
  /** Nothing but refreshes so far. */
  refreshes: boolean;
  readonly since: number;
  /** The worker took too long, and the waiters were told so; its outcome still comes. */
  given: boolean;
  /** Resolved when all of it is settled, if somebody asked. */
  drained: PromiseWithResolvers<void> | undefined;
}

export class GroupJournal implements Journal {
  readonly #commit: Commit;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lostUnits: LostUnits;
  readonly #queue: Pending[] = [];
  #inFlight: Pending | undefined;
  #changes = 0;
  #freeSince = 0;
  #timer: NodeJS.Timeout | undefined;
  #late: NodeJS.Timeout | undefined;
  #turnedAway: Waiter[] = [];
  #downSince = 0;
  #downText = '';
  readonly #flush = () => this.#onTimer();
  readonly #losePatience = () => this.#onLate();
  readonly #done = (outcome: CommitOutcome) => this.#onOutcome(outcome);
  readonly #turnAway = () => this.#settleTurnedAway();

  constructor(commit: Commit, clock: Clock, log: Log) {
    this.#commit = commit;
    this.#clock = clock;
    this.#log = log;
    this.#lostUnits = new LostUnits(clock, log);
  }

  append(unit: readonly Change[], waiter?: Waiter): void {
    if (this.#changes + unit.length > QUEUE_CHANGES) {
      if (!waiter) this.#lostUnits.add(1, 'the queue of changes was full');
      else if (this.#turnedAway.push(waiter) === 1) setImmediate(this.#turnAway);
      return;
    }
    let tail = this.#queue.at(-1);
    if (!tail || tail.changes >= BATCH_CHANGES) {
      tail = this.#open();
      this.#queue.push(tail);
    }
    addUnit(tail.batch, unit);
    if (tail.refreshes && !unit.every(isRefresh)) {
      tail.refreshes = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    tail.waiters.push(waiter);
    tail.changes += unit.length;
    this.#changes += unit.length;
    if (!this.#inFlight) this.#arm();
  }

  drain(): Promise<void> {
    const last = this.#queue.at(-1) ?? this.#inFlight;
    if (!last) return new Promise((resolve) => setImmediate(resolve));
    last.drained ??= Promise.withResolvers<void>();
    if (!this.#inFlight) this.#send();
    return last.drained.promise;
  }

  /** Changes that are not settled yet. */
  get waiting(): number {
    return this.#changes;
  }

  health(): HealthItem[] {
    const items: HealthItem[] = [];
    if (this.#downSince > 0) {
      const text = `nothing can be written: ${this.#downText}`;
      items.push({ code: 'STORAGE_DOWN', severity: 'error', text, since: this.#downSince });
    }
    if (this.#changes > QUEUE_CHANGES / 2) {
      const text = `${this.#changes} of at most ${QUEUE_CHANGES} changes wait to be written`;
      items.push({ code: 'STORAGE_QUEUE', severity: 'warning', text });
    }
    return [...items, ...this.#lostUnits.health()];
  }

  #open(): Pending {
    return {
      batch: emptyBatch(),
      waiters: [],
      changes: 0,
      refreshes: true,
      since: this.#clock.monotonic(),
      given: false,
      drained: undefined,
    };
  }

  /** Sends the first batch when it is full or old enough, else sees to it that somebody looks again. */
  #arm(): void {
    const first = this.#queue[0];
    if (!first) return;
    const age = this.#clock.monotonic() - Math.max(first.since, this.#freeSince);
    const wait = (first.refreshes ? GATHER_REFRESHES_MS : GATHER_MS) - age;
    if (first.changes >= BATCH_CHANGES || first.drained || wait <= 0) this.#send();
    else this.#timer ??= setTimeout(this.#flush, wait);
  }

  #onTimer(): void {
    this.#timer = undefined;
    if (!this.#inFlight) this.#send();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const next = this.#queue.shift();
    if (!next) return;
    this.#inFlight = next;
    const budget = Math.max(0, GIVE_UP_MS - (this.#clock.monotonic() - next.since));
    this.#late = setTimeout(this.#losePatience, budget + GRACE_MS).unref();
    this.#commit(next.batch, budget, this.#done);
  }

  /** Gives up what the worker holds on to, and what waits too long behind it. */
  #onLate(): void {
    const pending = this.#inFlight!;
    const error = new GatehouseError('STORAGE_UNAVAILABLE', 'the disk or the database does not answer');
    this.#lost(error);
    if (!pending.given) this.#settle(pending, { unavailable: toText(error) });
    pending.given = true;
    this.#late = setTimeout(this.#losePatience, LOOK_MS).unref();
  }

  #onOutcome(outcome: CommitOutcome): void {
    const pending = this.#inFlight!;
    this.#inFlight = undefined;
    clearTimeout(this.#late);
    this.#freeSince = this.#clock.monotonic();
    if (outcome.unavailable) this.#lost(fromText(outcome.unavailable));
    else if (!outcome.trailAway) this.#found();
    // The next batch is on its way before anybody is called, so that the worker does not wait for the waiters.
    this.#arm();
    if (!pending.given) this.#settle(pending, outcome);
    pending.drained?.resolve();
  }

  #lost(error: GatehouseError): void {
    if (this.#downSince === 0) {
      this.#downSince = this.#clock.now();
      this.#log.error('the database is away, writes are refused until it is back', { reason: error.message });
    }
    this.#downText = error.message;
    const now = this.#clock.monotonic();
    while (this.#queue[0] && now - this.#queue[0].since >= GIVE_UP_MS) {
      const pending = this.#queue.shift()!;
      setImmediate(() => {
        this.#settle(pending, { unavailable: toText(error) });
        pending.drained?.resolve();
      });
    }
  }

  #found(): void {
    if (this.#downSince === 0) return;
    this.#log.info('the database is back', { awayMs: this.#clock.now() - this.#downSince });
    this.#downSince = 0;
  }

  #settle(pending: Pending, outcome: CommitOutcome): void {
    this.#changes -= pending.changes;
    const all = outcome.unavailable && fromText(outcome.unavailable);
    const refused = outcome.refused && new Map(outcome.refused.map((one) => [one.unit, one.error]));
    let lost = 0;
    let reason = '';
    for (let unit = 0; unit < pending.waiters.length; unit++) {
      const text = refused?.get(unit);
      const error = all ?? (text && fromText(text));
      const waiter = pending.waiters[unit];
      if (waiter) this.#tell(waiter, error);
      else if (error) {
        lost++;
        reason = error.message;
      }
    }
    this.#lostUnits.add(lost, reason);
  }

  #settleTurnedAway(): void {
    const waiters = this.#turnedAway;
    this.#turnedAway = [];
    const error = new GatehouseError('STORAGE_BUSY', `${QUEUE_CHANGES} changes wait to be written already`, {
      hint: 'the database is too slow for this load, or away',
    });
    for (const waiter of waiters) this.#tell(waiter, error);
  }

  #tell(waiter: Waiter, error: GatehouseError | undefined): void {
    try {
      waiter.settled(error);
    } catch (fault) {
      this.#log.error('a waiter of the journal failed', { error: describeError(fault) });
    }
  }
}

function isRefresh(change: Change): boolean {
  return change.kind === 'put-binding' && change.refresh === true;
}
