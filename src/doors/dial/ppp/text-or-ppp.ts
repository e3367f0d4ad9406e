/**
 * A line on which the other end may speak PPP where a text is asked for. From its first frame on nothing is text any more; a dialogue must not
 * show it, since a frame that comes back is a loop to who sent it.
 */
import type { Host } from '../line/types.ts';

/** A flag and the address of all stations: no name begins so. */
const [FLAG, ALL_STATIONS] = [0x7e, 0xff];
const MOST_EARLY = 4_096;

export class TextOrPpp implements Host {
  readonly #host: Host;
  readonly #begun = new AbortController();
  #early = Buffer.alloc(0);
  #flag = false;
  #onlyText = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Aborted with the first frame. */
  get begun(): AbortSignal {
    return this.#begun.signal;
  }

  /** What came of it before anybody else listened. */
  get early(): Buffer {
    return this.#early;
  }

  /** What comes from now on is text, or another program's. */
  settle(): void {
    this.#onlyText = true;
  }

  write(bytes: Uint8Array): void {
    if (!this.begun.aborted) this.#host.write(bytes);
  }

  listen(onBytes: ((bytes: Buffer) => void) | undefined): void {
    this.#host.listen(onBytes && ((bytes) => this.#take(bytes, onBytes)));
  }

  #take(bytes: Buffer, onText: (bytes: Buffer) => void): void {
    if (this.begun.aborted) {
      if (this.#early.length < MOST_EARLY) this.#early = Buffer.concat([this.#early, bytes]);
      return;
    }
    const all = this.#flag ? Buffer.concat([Buffer.of(FLAG), bytes]) : bytes;
    const at = this.#onlyText ? -1 : all.indexOf(Buffer.of(FLAG, ALL_STATIONS));
    if (at >= 0) {
      if (at > 0) onText(all.subarray(0, at));
      this.#early = Buffer.from(all.subarray(at));
      this.#begun.abort();
      return;
    }
    // The last byte may be the first of a frame.
    this.#flag = !this.#onlyText && all.at(-1) === FLAG;
    const text = this.#flag ? all.subarray(0, -1) : all;
    if (text.length > 0) onText(text);
  }
}
