/**
 * What the other side said and no command has used yet. Bounded: of a host that talks without end the last 32 to 64 KiB are kept.
 *
 * Texts are bytes, one character each (latin1); `sevenBit` takes the eighth bit away, as KPPP does, for hosts that send parity.
 */
const MOST = 65_536;

export class Received {
  #text = '';
  /** Up to here a Scan has read. */
  #scanned = 0;
  readonly #mask: number;

  constructor(sevenBit: boolean) {
    this.#mask = sevenBit ? 0x7f : 0xff;
  }

  add(bytes: Uint8Array): string {
    const piece = Buffer.from(bytes);
    for (let i = 0; i < piece.length; i++) piece[i]! &= this.#mask;
    const text = piece.toString('latin1');
    this.#text += text;
    if (this.#text.length > MOST) this.#drop(this.#text.length - MOST / 2);
    return text;
  }

  clear(): void {
    this.#drop(this.#text.length);
  }

  /** Takes everything up to and with the text away. */
  take(text: string): boolean {
    const at = this.#text.indexOf(text);
    if (at >= 0) this.#drop(at + text.length);
    return at >= 0;
  }

  /** Takes up to whichever ends first. */
  takeFirst(texts: readonly string[]): string | undefined {
    let first: string | undefined;
    let end = Number.POSITIVE_INFINITY;
    for (const text of texts) {
      const at = this.#text.indexOf(text);
      if (at < 0 || at + text.length >= end) continue;
      first = text;
      end = at + text.length;
    }
    if (first !== undefined) this.#drop(end);
    return first;
  }

  /** The rest of the line after the text, once that line has ended. It stays there to be expected; the next scan begins behind it. */
  scan(text: string): string | undefined {
    const at = this.#text.indexOf(text, this.#scanned);
    if (at < 0) return undefined;
    const from = at + text.length;
    const length = this.#text.slice(from).search(/[\r\n]/);
    if (length < 0) return undefined;
    this.#scanned = from + length;
    return this.#text.slice(from, from + length).trim();
  }

  /** All that is left. */
  rest(): string {
    return this.#text;
  }

  #drop(count: number): void {
    this.#text = this.#text.slice(count);
    this.#scanned = Math.max(0, this.#scanned - count);
  }
}
