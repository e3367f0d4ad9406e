/**
 * Replies with the requests that they answer, as bytes one behind the other in one buffer: of what is kept for seconds and of
 * nearly every registration, nothing lies in the heap, where collections would copy it.
 *
 * The buffer grows by doubling up to MOST_BYTES. A record begins at a multiple of four: HEAD words, then the request, the reply and
 * the sender's address in latin1.
 */
import type { SipMessage } from './message/message.ts';
import type { Source, Target } from './transport/types.ts';

export interface KeptReply {
  readonly text: string;
  readonly target: Target;
}

/** Words: when (ms after the first), lengths of the three texts, ports of the sender and of the target. */
const HEAD = 6;
const FIRST_BYTES = 64 << 10;
const MOST_BYTES = 8 << 20;
const MOST_REPLIES = 10_000;

export class ReplyStore {
  /** Where a record begins, in words, by its key; of two with the same key the later one stays. */
  readonly #places = new Map<number, number>();
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #words = wordsOf(this.#bytes);
  #used = 0;
  #since: number;

  /** Monotonic milliseconds. */
  constructor(now: number) {
    this.#since = now;
  }

  get size(): number {
    return this.#places.size;
  }

  /** When it began. */
  get since(): number {
    return this.#since;
  }

  /** Forgets all; of a buffer much larger than what came, half is given back. */
  clear(now: number): void {
    const isRoomy = this.#used < this.#bytes.length >> 3 && this.#bytes.length > FIRST_BYTES;
    this.#places.clear();
    this.#used = 0;
    this.#since = now;
    if (isRoomy) this.#resize(this.#bytes.length >> 1);
  }

  /** `port`: where the reply went, at the sender's address. False: the store is full. */
  put(key: number, now: number, request: SipMessage, source: Source, text: string, port: number): boolean {
    const { raw } = request;
    const start = this.#used;
    const end = (start + HEAD * 4 + raw.length + text.length + source.address.length + 3) & ~3;
    if (end > MOST_BYTES || this.#places.size >= MOST_REPLIES) return false;
    if (end > this.#bytes.length) this.#resize(2 ** Math.ceil(Math.log2(end)));
    const word = start >> 2;
    const words = this.#words;
    words[word] = now - this.#since;
    words[word + 1] = raw.length;
    words[word + 2] = text.length;
    words[word + 3] = source.address.length;
    words[word + 4] = source.port;
    words[word + 5] = port;
    const bytes = this.#bytes;
    let at = start + HEAD * 4;
    at += bytes.write(raw, at, 'latin1');
    at += bytes.write(text, at, 'latin1');
    bytes.write(source.address, at, 'latin1');
    this.#places.set(key, word);
    this.#used = end;
    return true;
  }

  has(key: number): boolean {
    return this.#places.has(key);
  }

  /** The reply to the same request from the same address and port, unless it is as old as `longest`. */
  find(key: number, now: number, request: SipMessage, source: Source, longest: number): KeptReply | undefined {
    const word = this.#places.get(key);
    if (word === undefined) return undefined;
    const words = this.#words;
    if (words[word + 4] !== source.port || now - this.#since - words[word]! >= longest) return undefined;
    const requestAt = (word + HEAD) * 4;
    const textAt = requestAt + words[word + 1]!;
    const addressAt = textAt + words[word + 2]!;
    const { point, address } = source;
    if (this.#text(addressAt, addressAt + words[word + 3]!) !== address) return undefined;
    if (this.#text(requestAt, textAt) !== request.raw) return undefined;
    const target: Target = { protocol: 'udp', address, port: words[word + 5]!, point, connection: undefined };
    return { text: this.#text(textAt, addressAt), target };
  }

  #text(start: number, end: number): string {
    return this.#bytes.toString('latin1', start, end);
  }

  #resize(length: number): void {
    const bytes = Buffer.allocUnsafeSlow(length);
    this.#bytes.copy(bytes, 0, 0, this.#used);
    this.#bytes = bytes;
    this.#words = wordsOf(bytes);
  }
}

function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}
