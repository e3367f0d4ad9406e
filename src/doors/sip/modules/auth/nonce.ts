/**
 * Nonces without state: 8 hex digits of the second they expire in, then the 32 of MD5(those 8 characters + secret), as SER
 * and OpenSER make them. All nonces made within one second are the same text, so that one hash serves them all.
 *
 * Where a nonce is to be good for one proof only, each is another: 12 hex digits of a count stand behind the second, and the hash is
 * the start of a SHA-256, as no other server need know it.
 *
 * Which counts were used with a nonce is forgotten at a restart, so where counts are checked, a nonce from before the start
 * has expired: else what was captured before could be played again after it. Ours of the second of the start carry the next
 * second, to tell them from those.
 *
 * Units: life in seconds, times in milliseconds since the epoch; the format ends in 2106. A nonce that expires later than one
 * made now could is as bad as one that has expired: it is from before the clock was set back.
 */
import { hash, randomInt } from 'node:crypto';
import { sameHex } from '../../../../core/proofs/compare.ts';

/** `foreign`: not made with our secret, or long out of its time. `expired`: ours, but no longer good. */
export type NonceState = 'good' | 'expired' | 'foreign';

const SECOND = 8;
const COUNT = 12;
const HASH = 32;
/** Counts begin anywhere, so that servers which share a secret do not make the same. */
const COUNTS = 2 ** 48;
/** How far the clocks of servers that share a secret may differ, in seconds. */
const SLACK = 60;
/** How long an expired nonce still shows who one is, in seconds: enough for a client that was asleep. */
const STALE = 3600;
/** Seconds whose nonces are remembered; a power of two. */
const SLOTS = 512;

export class Nonces {
  readonly #secret: string;
  readonly #life: number;
  readonly #expiries = new Float64Array(SLOTS).fill(-1);
  readonly #texts: string[] = new Array(SLOTS).fill('');

  /** Of those that are good for one proof. */
  #count = randomInt(COUNTS - 1);

  /** The second after which our own were made. */
  #start: number;

  /** `start`: when this process began, which keeps the counts. */
  constructor(secret: string, life: number, start: number) {
    this.#secret = secret;
    this.#life = life;
    this.#start = Math.floor(start / 1000);
  }

  create(now: number): string {
    return this.#remembered(this.#expiry(now));
  }

  /** As `create`, and no other is like it. */
  createForOne(now: number): string {
    this.#count = (this.#count + 1) % COUNTS;
    return this.#sealed(
      this.#expiry(now).toString(16).padStart(SECOND, '0') + this.#count.toString(16).padStart(COUNT, '0'),
    );
  }

  #expiry(now: number): number {
    const second = Math.floor(now / 1000);
    if (second < this.#start) this.#start = second - 1; // the clock was set back
    return Math.max(second, this.#start + 1) + this.#life;
  }

  /** `counted`: the nonce must be one whose used counts are known. */
  check(nonce: string, now: number, counted: boolean): NonceState {
    const forOne = isForOne(nonce);
    if (nonce.length !== SECOND + HASH && !forOne) return 'foreign';
    const expiry = Number.parseInt(nonce.slice(0, SECOND), 16);
    if (!(expiry >= 0)) return 'foreign';
    const seconds = Math.floor(now / 1000);
    const latest = seconds + this.#life + SLACK;
    if (expiry < seconds - STALE || expiry > latest + STALE) return 'foreign';
    const timely = expiry >= seconds && expiry <= latest;
    // What strangers send must not push nonces in use out of memory.
    const ours = forOne
      ? this.#sealed(nonce.slice(0, SECOND + COUNT))
      : timely
        ? this.#remembered(expiry)
        : this.#make(expiry);
    if (!sameHex(nonce, ours)) return 'foreign';
    return timely && !(counted && expiry - this.#life <= this.#start) ? 'good' : 'expired';
  }

  #remembered(expiry: number): string {
    const slot = expiry & (SLOTS - 1);
    if (this.#expiries[slot] !== expiry) {
      this.#expiries[slot] = expiry;
      this.#texts[slot] = this.#make(expiry);
    }
    return this.#texts[slot]!;
  }

  #make(expiry: number): string {
    const text = expiry.toString(16).padStart(SECOND, '0');
    return text + hash('md5', text + this.#secret, 'hex');
  }

  #sealed(text: string): string {
    return text + hash('sha256', text + this.#secret, 'hex').slice(0, HASH);
  }
}

/** Whether it has the form of those that are good for one proof. */
export function isForOne(nonce: string): boolean {
  return nonce.length === SECOND + COUNT + HASH;
}
