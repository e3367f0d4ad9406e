/**
 * The last replies to authenticated requests that have no transaction, so that a request repeated because its reply was lost gets the
 * same reply again. Run anew, it would be refused: its nonce count is used.
 *
 * A repetition is the same text from the same address and port. UDP only, since nothing is repeated over a stream. Two generations of
 * four seconds each: a reply is kept for four seconds at least, the longest pause between two repetitions (T2), and given for eight
 * at most. A full generation goes early.
 */
import { keyedHash } from '../../core/limits/keyed-hash.ts';
import type { Clock } from '../../platform/clock.ts';
import type { SipMessage } from './message/message.ts';
import type { Source, Target } from './transport/types.ts';

const GENERATION_MS = 4000;
/** Of one generation: replies, and characters of replies and requests. */
const MOST = 10_000;
const MOST_CHARACTERS = 8 << 20;

export interface KeptReply {
  readonly text: string;
  readonly target: Target;
}

interface Entry extends KeptReply {
  readonly request: string;
  readonly source: Source;
  readonly at: number;
}

export class RecentReplies {
  readonly #clock: Clock;
  /** By the hash of the branch; of two with the same hash the later one stays. */
  #young = new Map<number, Entry>();
  #old = new Map<number, Entry>();
  #characters = 0;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  keep(request: SipMessage, source: Source, text: string, target: Target): void {
    if (source.point.protocol !== 'udp') return;
    const at = this.#clock.monotonic();
    this.#turn(at);
    this.#young.set(keyOf(request), { text, target, request: request.raw, source, at });
    this.#characters += request.raw.length + text.length;
  }

  find(request: SipMessage, source: Source): KeptReply | undefined {
    if (this.size === 0) return undefined;
    const key = keyOf(request);
    const entry = this.#young.get(key) ?? this.#old.get(key);
    if (entry === undefined || entry.source.port !== source.port || entry.source.address !== source.address)
      return undefined;
    if (entry.request !== request.raw || source.point.protocol !== 'udp') return undefined;
    return this.#clock.monotonic() - entry.at < 2 * GENERATION_MS ? entry : undefined;
  }

  #turn(now: number): void {
    if (now - this.#since < GENERATION_MS && this.#young.size < MOST && this.#characters < MOST_CHARACTERS) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#characters = 0;
    this.#since = now;
  }
}

/** 31 bits, which a table keeps without a box. */
function keyOf(request: SipMessage): number {
  return keyedHash(request.via!.branch) >> 1;
}
