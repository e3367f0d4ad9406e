/**
 * Keys from telephone events: each press once, however many packets tell of it.
 *
 * A press is one timestamp; its packets carry a growing duration, the last of them an end bit, three times over. It counts when its end is
 * told, or when another press begins, since all three may be lost. Source: RFC 4733 sections 2.3, 2.5.1 and 2.5.2.
 */
import type { RtpPacket } from './rtp.ts';

const KEYS = '0123456789*#ABCD';
const END = 0x80;
/** In samples, 40 ms (ITU-T Q.24): no finger is shorter. */
const SHORTEST = 320;

export class TelephoneEvents {
  /** The press under way, or the last one. */
  #source = -1;
  #timestamp = -1;
  #key = '';
  #duration = 0;
  #told = true;

  /** The key that was pressed, '' = none yet. */
  take({ source, timestamp, payload }: RtpPacket): string {
    if (payload.length < 4) return '';
    const isNew = timestamp !== this.#timestamp || source !== this.#source;
    // A late repetition of an earlier press is none.
    if (isNew && source === this.#source && ((timestamp - this.#timestamp) | 0) < 0) return '';
    const before = isNew ? this.#end() : '';
    if (isNew) {
      this.#source = source;
      this.#timestamp = timestamp;
      this.#key = KEYS[payload[0]!] ?? '';
      this.#duration = 0;
      this.#told = false;
    }
    this.#duration = Math.max(this.#duration, payload.readUInt16BE(2));
    if (before !== '') return before;
    return (payload[1]! & END) === 0 ? '' : this.#end();
  }

  #end(): string {
    if (this.#told) return '';
    this.#told = true;
    return this.#duration < SHORTEST ? '' : this.#key;
  }
}
