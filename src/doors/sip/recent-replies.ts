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
import { type KeptReply, ReplyStore } from './reply-store.ts';
import type { Source } from './transport/types.ts';

const GENERATION_MS = 4000;

export class RecentReplies {
  readonly #clock: Clock;
  #young: ReplyStore;
  #old: ReplyStore;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#young = new ReplyStore(clock.monotonic());
    this.#old = new ReplyStore(clock.monotonic());
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** `port`: where the reply went, at the sender's address. */
  keep(request: SipMessage, source: Source, text: string, port: number): void {
    if (source.point.protocol !== 'udp') return;
    const now = this.#clock.monotonic();
    const key = keyOf(request);
    if (now - this.#young.since >= GENERATION_MS) this.#turn(now);
    if (this.#young.put(key, now, request, source, text, port)) return;
    this.#turn(now);
    this.#young.put(key, now, request, source, text, port);
  }

  find(request: SipMessage, source: Source): KeptReply | undefined {
    if (this.size === 0 || source.point.protocol !== 'udp') return undefined;
    const now = this.#clock.monotonic();
    const key = keyOf(request);
    return (
      this.#young.find(key, now, request, source, 2 * GENERATION_MS) ??
      this.#old.find(key, now, request, source, 2 * GENERATION_MS)
    );
  }

  /** False: there is none to a request with this branch, of which that is the keyedHash. */
  mayHave(branchHash: number): boolean {
    const key = branchHash >> 1;
    return this.#young.has(key) || this.#old.has(key);
  }

  #turn(now: number): void {
    [this.#young, this.#old] = [this.#old, this.#young];
    this.#young.clear(now);
  }
}

/** 31 bits, which a table keeps without a box. */
function keyOf(request: SipMessage): number {
  return keyedHash(request.via!.branch) >> 1;
}
