/**
 * DNS records, remembered for as long as they may be.
 *
 * A name that is asked for often never makes anybody wait: for half a minute past its time it is asked again while its old records serve
 * on. They also serve while no server can say anything, for ten minutes. Who must wait does so until his own time is over, however long
 * the queue; what is not answered by then counts as unknown.
 *
 * Bounds: 4,000 questions of 16 records; twenty asked at once; 400 questions and 2,000 waiters may wait. One place (an address, of IPv6 the /64) has
 * four asked at once, 60 questions and 300 waiters, so that its slow names do not hold up the others. Units: milliseconds.
 */
import { placeOf } from '../../../core/limits/place.ts';
import type { Clock } from '../../../platform/clock.ts';
import { Timer, type TimerOwner, type TimerWheel } from '../../../platform/timer-wheel.ts';
import { detach } from '../message/message.ts';
import type { Answer, LookUp, Records, RecordType } from './records.ts';

const QUESTIONS = 4000;
const RECORDS = 16;
const AT_ONCE = 20;
const AT_ONCE_PER_PLACE = 4;
const QUEUED = 400;
const QUEUED_PER_PLACE = 60;
const WAITERS = 2000;
const WAITERS_PER_PLACE = 300;
/** RFC 1035 section 2.3.4. */
const LONGEST_NAME = 255;
/** Records whose time to live nobody told, and that there are none. */
const KEPT_MS = 60_000;
const NONE_MS = 30_000;
const LONGEST_MS = 3_600_000;
const SHORTEST_MS = 1000;
/** Nobody could say. */
const FAILED_MS = 5000;
const GRACE_MS = 30_000;
const STALE_MS = 600_000;

/** Whoever waits for records; asks the cache again when told. */
export interface RecordWaiter {
  /** Address of the sender on whose behalf it is asked. */
  readonly sender: string;
  /** Until when he waits, monotonic; the same each time he is asked. */
  until(now: number): number;
  /** He waits for one question more. */
  opened(): void;
  /** Called once for each that was opened, later. */
  resolved(): void;
}

export interface RecordCacheParts {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Told what a waiter or the look-up throws. */
  readonly onError: (error: unknown) => void;
  readonly lookUp: LookUp;
}

export class RecordCache implements TimerOwner {
  readonly #parts: RecordCacheParts;
  readonly #questions = new Map<string, Question>();
  readonly #queue: Question[] = [];
  readonly #asking: Question[] = [];
  readonly #waiters = new Set<Waiting>();
  readonly #limit = new Timer(this);
  /** When the limit's timer is due. */
  #due = 0;

  constructor(parts: RecordCacheParts) {
    this.#parts = parts;
  }

  /** The records, none when there are none or no room to ask; undefined: the waiter will be told. Without one nobody is asked. */
  find<T extends RecordType>(
    type: T,
    name: string,
    waiter: RecordWaiter | undefined,
  ): readonly Records[T][] | undefined {
    return this.#find(type, name, waiter) as readonly Records[T][] | undefined;
  }

  #find(type: RecordType, name: string, waiter: RecordWaiter | undefined): Answer['records'] | undefined {
    const now = this.#parts.clock.monotonic();
    const question = this.#questions.get(keyOf(type, name));
    if (question && now < question.fresh) return question.records;
    const old = question && now < question.stale ? question.records : NOTHING;
    const until = waiter?.until(now) ?? 0;
    if (waiter === undefined || now >= until) return old;
    const place = placeOf(waiter.sender);
    if (question && now < question.grace) {
      this.#ask(question, place);
      return question.records;
    }
    if (question?.overdue || !this.#hasRoomFor(place)) return old;
    const asked = question ?? this.#newQuestion(type, name);
    if (asked === undefined || !this.#ask(asked, place)) return old;
    this.#waiters.add({ waiter, question: asked, place, until });
    waiter.opened();
    if (!this.#limit.running || until < this.#due) this.#wakeAt(until, now);
    return undefined;
  }

  #wakeAt(time: number, now: number): void {
    this.#due = time;
    this.#parts.wheel.start(this.#limit, time - now);
  }

  #hasRoomFor(place: string): boolean {
    if (this.#waiters.size >= WAITERS) return false;
    let count = 0;
    for (const waiting of this.#waiters) if (waiting.place === place) count++;
    return count < WAITERS_PER_PLACE;
  }

  #newQuestion(type: RecordType, name: string): Question | undefined {
    if (name.length > LONGEST_NAME || !this.#makeRoom()) return undefined;
    const question = new Question(type, detach(name));
    this.#questions.set(question.key, question);
    return question;
  }

  /** Forgets the oldest question that led nowhere, else the oldest of all that are not being asked. */
  #makeRoom(): boolean {
    if (this.#questions.size < QUESTIONS) return true;
    let oldest: Question | undefined;
    for (const question of this.#questions.values()) {
      const isKnown = question.records.length > 0;
      if (question.pending || (oldest && isKnown)) continue;
      oldest = question;
      if (!isKnown) break;
    }
    return oldest !== undefined && this.#questions.delete(oldest.key);
  }

  /** True: the question is queued or being asked. */
  #ask(question: Question, place: string): boolean {
    if (question.pending) return true;
    const queued = this.#queue.reduce((count, other) => (other.place === place ? count + 1 : count), 0);
    if (this.#queue.length >= QUEUED || queued >= QUEUED_PER_PLACE) {
      if (question.records.length === 0) this.#questions.delete(question.key);
      return false;
    }
    question.pending = true;
    question.place = place;
    this.#queue.push(question);
    this.#next();
    return true;
  }

  #next(): void {
    for (let at = 0; at < this.#queue.length && this.#asking.length < AT_ONCE; ) {
      const question = this.#queue[at]!;
      const same = this.#asking.reduce((count, { place }) => (place === question.place ? count + 1 : count), 0);
      if (same >= AT_ONCE_PER_PLACE) at++;
      else {
        this.#queue.splice(at, 1);
        this.#asking.push(question);
        this.#lookUp(question);
      }
    }
  }

  #lookUp(question: Question): void {
    const { lookUp, onError } = this.#parts;
    try {
      lookUp(question.type, question.name, (answer) => this.#answered(question, answer));
    } catch (error) {
      onError(error);
      process.nextTick(() => this.#answered(question, undefined));
    }
  }

  #answered(question: Question, answer: Answer | undefined): void {
    const at = this.#asking.indexOf(question);
    if (at < 0) return;
    this.#asking.splice(at, 1);
    question.answer(answer, this.#parts.clock.monotonic());
    this.#questions.delete(question.key);
    this.#questions.set(question.key, question);
    this.#next();
    for (const waiting of this.#waiters) if (waiting.question === question) this.#release(waiting);
  }

  /** Those who have waited long enough go on without. */
  onTimer(): void {
    const now = this.#parts.clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiters) {
      if (waiting.until > now) {
        next = Math.min(next, waiting.until);
        continue;
      }
      this.#giveUp(waiting.question, now);
      this.#release(waiting);
    }
    if (next < Number.POSITIVE_INFINITY && (!this.#limit.running || next < this.#due)) this.#wakeAt(next, now);
  }

  /** One that was never asked makes room in the queue; one that is being asked makes nobody else wait. */
  #giveUp(question: Question, now: number): void {
    const at = this.#queue.indexOf(question);
    if (at < 0) {
      question.overdue = question.pending;
      return;
    }
    for (const { question: other, until } of this.#waiters) if (other === question && until > now) return;
    this.#queue.splice(at, 1);
    question.pending = false;
    if (question.records.length === 0) this.#questions.delete(question.key);
  }

  #release(waiting: Waiting): void {
    this.#waiters.delete(waiting);
    try {
      waiting.waiter.resolved();
    } catch (error) {
      this.#parts.onError(error);
    }
  }
}

const NOTHING: readonly never[] = [];

interface Waiting {
  readonly waiter: RecordWaiter;
  readonly question: Question;
  readonly place: string;
  readonly until: number;
}

class Question {
  readonly type: RecordType;
  readonly name: string;
  readonly key: string;
  records: Answer['records'] = NOTHING;
  /** Until when the records may be taken without asking, while they are asked for again, and when nobody can say. */
  fresh = Number.NEGATIVE_INFINITY;
  grace = Number.NEGATIVE_INFINITY;
  stale = Number.NEGATIVE_INFINITY;
  /** Queued or being asked, on behalf of `place`. */
  pending = false;
  place = '';
  /** It is being asked for so long that nobody shall wait for it. */
  overdue = false;

  constructor(type: RecordType, name: string) {
    this.type = type;
    this.name = name;
    this.key = keyOf(type, name);
  }

  answer(answer: Answer | undefined, now: number): void {
    this.pending = false;
    this.overdue = false;
    if (answer === undefined) {
      this.fresh = now + FAILED_MS;
      if (now >= this.stale) this.records = NOTHING;
      this.grace = this.records.length > 0 ? Math.min(this.fresh + GRACE_MS, this.stale) : this.fresh;
      return;
    }
    this.records = answer.records.slice(0, RECORDS);
    const isNone = answer.records.length === 0;
    const kept = answer.ttlMs ?? (isNone ? NONE_MS : KEPT_MS);
    this.fresh = now + Math.max(SHORTEST_MS, Math.min(kept, LONGEST_MS));
    // That a domain names no services is as good as a record; a host without an address may have one soon.
    this.grace = isNone && (this.type === 'A' || this.type === 'AAAA') ? this.fresh : this.fresh + GRACE_MS;
    this.stale = this.fresh + STALE_MS;
  }
}

function keyOf(type: RecordType, name: string): string {
  return `${type} ${name}`;
}
