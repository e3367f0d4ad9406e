/**
 * Nonces without state: 8 hex digits of the second they expire in, then the 32 of MD5(those 8 characters + secret), as SER
 * and OpenSER make them. All nonces made within one second are the same text, so that one hash serves them all.
 *
 * Units: life in seconds, times in milliseconds since the epoch; the format ends in 2106. A nonce that expires later than one
 * made now could is as bad as one that has expired: it is from before the clock was set back.
 */
import { hash } from 'node:crypto';
import { sameHex } from '../../../../core/proofs/compare.ts';

/** `foreign`: not made with our secret. `expired`: ours, but out of its time. */
export type NonceState = 'good' | 'expired' | 'foreign';

const LENGTH = 40;
/** How far the clocks of servers that share a secret may differ, in seconds. */
const SLACK = 60;
/** Seconds whose nonces are remembered. */
const SLOTS = 512;

export class Nonces {
  readonly #secret: string;
  readonly #life: number;
  readonly #expiries = new Float64Array(SLOTS).fill(-1);
  readonly #texts: string[] = new Array(SLOTS).fill('');

  constructor(secret: string, life: number) {
    this.#secret = secret;
    this.#life = life;
  }

  create(now: number): string {
    return this.#remembered(Math.floor(now / 1000) + this.#life);
  }

  check(nonce: string, now: number): NonceState {
    if (nonce.length !== LENGTH) return 'foreign';
    const expiry = Number.parseInt(nonce.slice(0, 8), 16);
    if (!(expiry >= 0)) return 'foreign';
    const seconds = Math.floor(now / 1000);
    const timely = expiry >= seconds && expiry <= seconds + this.#life + SLACK;
    // What strangers send must not push nonces in use out of memory.
    if (!sameHex(nonce, timely ? this.#remembered(expiry) : this.#make(expiry))) return 'foreign';
    return timely ? 'good' : 'expired';
  }

  #remembered(expiry: number): string {
    const slot = expiry % SLOTS;
    if (this.#expiries[slot] !== expiry) {
      this.#expiries[slot] = expiry;
      this.#texts[slot] = this.#make(expiry);
    }
    return this.#texts[slot]!;
  }

  #make(expiry: number): string {
    const text = expiry.toString(16).padStart(8, '0');
    return text + hash('md5', text + this.#secret, 'hex');
  }
}
