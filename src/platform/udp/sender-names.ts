/**
 * Addresses of senders as text. Those heard of lately are kept, one for each place in a table of fixed size, so that a stranger can
 * at most cost what he would have cost without it.
 */
import { FIELDS, type NativeUdp } from './native-udp.ts';

const PLACE_BITS = 12;
/** Words of a key: address and scope. */
const WORDS = 5;
/** Of the header's fields, the first of the key. */
const FIRST = 2;
/** 2^32 / golden ratio: spreads neighbours (Knuth, The Art of Computer Programming 3, section 6.4). */
const SPREAD = 0x9e3779b1;

export class SenderNames {
  readonly #native: Pick<NativeUdp, 'senderOf'>;
  readonly #keys = new Int32Array(WORDS << PLACE_BITS);
  readonly #names: string[] = new Array<string>(1 << PLACE_BITS).fill('');

  constructor(native: Pick<NativeUdp, 'senderOf'>) {
    this.#native = native;
  }

  /** Of datagram `index` in the batch at hand. */
  of(index: number, header: Int32Array): string {
    const from = index * FIELDS + FIRST;
    const spread = header[from]! ^ header[from + 1]! ^ header[from + 2]! ^ header[from + 3]!;
    const place = Math.imul(spread, SPREAD) >>> (32 - PLACE_BITS);
    if (this.#matches(place, header, from)) {
      const name = this.#names[place]!;
      if (name !== '') return name;
    }
    const name = this.#native.senderOf(index);
    for (let word = 0; word < WORDS; word++) this.#keys[place * WORDS + word] = header[from + word]!;
    this.#names[place] = name;
    return name;
  }

  #matches(place: number, header: Int32Array, from: number): boolean {
    const key = place * WORDS;
    for (let word = WORDS - 1; word >= 0; word--) if (this.#keys[key + word] !== header[from + word]) return false;
    return true;
  }
}
