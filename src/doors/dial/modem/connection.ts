/**
 * One call of a modem: the other end's bytes, and the end of the call when the carrier is lost.
 *
 * How a loss shows: the carrier line falls; the line is hung up; or, on lines that cannot show it, the modem says NO CARRIER as a whole line
 * and then nothing more, or that it rings. That line is held back from the host until it is known whose it was. A host that says the same on
 * such a line, and then keeps silent, ends its own call.
 */
import type { Line } from '../line/types.ts';
import type { Call } from './types.ts';

export interface ConnectionOptions {
  readonly speed: number | undefined;
  readonly noCarrier: string;
  readonly ring: string;
  /** A LF that comes first still ends the CONNECT line. */
  readonly skipLineFeed: boolean;
  /** The carrier line says the truth: no &C0. */
  readonly trustCarrier: boolean;
  readonly carrierPollMs: number;
  /** So long nothing comes behind NO CARRIER that is the modem's. */
  readonly lossQuietMs: number;
}

export class Connection implements Call {
  readonly speed: number | undefined;
  /** Another program may have had the line: its modes are not ours any more. */
  lent = false;
  /** The modem is back in command state by itself. */
  lost = false;
  /** The carrier line has shown it. */
  hadCarrier = false;
  readonly #line: Line;
  readonly #options: ConnectionOptions;
  readonly #loss: string;
  readonly #lossAndRing: string;
  readonly #end = new AbortController();
  readonly #poll: NodeJS.Timeout;
  #onBytes: ((bytes: Buffer) => void) | undefined;
  /** Came with the CONNECT line, before anybody listened. */
  #early: Buffer;
  #skipLineFeed: boolean;
  #tail = '';
  #held: Buffer | undefined;
  /** The carrier is being asked for. */
  #judging = false;
  #quiet: NodeJS.Timeout | undefined;

  constructor(line: Line, early: Buffer, options: ConnectionOptions) {
    this.#line = line;
    this.#early = early;
    this.#skipLineFeed = options.skipLineFeed;
    this.#options = options;
    this.#loss = `\r\n${options.noCarrier}\r\n`;
    this.#lossAndRing = `${this.#loss}\r\n${options.ring}\r\n`;
    this.speed = options.speed;
    line.listen(undefined);
    line.onGone(() => this.end());
    this.#poll = setInterval(() => void this.#lookAtCarrier(), options.carrierPollMs);
    this.#poll.unref();
  }

  get ended(): AbortSignal {
    return this.#end.signal;
  }

  write(bytes: Uint8Array): void {
    if (!this.ended.aborted) this.#line.write(bytes);
  }

  listen(onBytes: ((bytes: Buffer) => void) | undefined): void {
    if (this.ended.aborted) return;
    if (onBytes === undefined && this.#onBytes !== undefined) this.lent = true;
    this.#onBytes = onBytes;
    this.#line.listen(onBytes && this.#receive);
    const early = this.#early;
    if (onBytes === undefined || early.length === 0) return;
    this.#early = Buffer.alloc(0);
    this.#receive(early);
  }

  /** Nobody hears or says anything on this call any more. */
  end(): void {
    if (this.ended.aborted) return;
    clearInterval(this.#poll);
    clearTimeout(this.#quiet);
    this.#line.listen(undefined);
    this.#onBytes = undefined;
    this.#end.abort();
  }

  readonly #receive = (received: Buffer): void => {
    const bytes = this.#skipLineFeed && received[0] === 10 ? received.subarray(1) : received;
    this.#skipLineFeed = false;
    if (this.#judging) {
      this.#held = Buffer.concat([this.#held!, bytes]);
      return;
    }
    clearTimeout(this.#quiet);
    const most = this.#lossAndRing.length;
    this.#tail = (this.#tail + bytes.toString('latin1', Math.max(0, bytes.length - most))).slice(-most);
    const rings = this.#tail === this.#lossAndRing;
    const held = rings ? most : this.#tail.endsWith(this.#loss) ? this.#loss.length : 0;
    const all = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    const start = Math.max(0, all.length - held);
    this.#held = undefined;
    this.#deliver(all.subarray(0, start));
    if (held === 0) return;
    this.#held = all.subarray(start);
    // A telephone rings only where nobody speaks.
    if (rings) void this.#judgeLoss();
    else this.#quiet = setTimeout(() => void this.#judgeLoss(), this.#options.lossQuietMs);
  };

  #deliver(bytes: Buffer | undefined): void {
    if (bytes !== undefined && bytes.length > 0) this.#onBytes?.(bytes);
  }

  async #judgeLoss(): Promise<void> {
    this.#judging = true;
    const carrier = await this.#line.carrier();
    this.#judging = false;
    const held = this.#held;
    this.#held = undefined;
    if (carrier === true && this.#options.trustCarrier) {
      this.#deliver(held);
      return;
    }
    this.lost = true;
    this.end();
  }

  async #lookAtCarrier(): Promise<void> {
    const carrier = await this.#line.carrier();
    if (carrier === true) this.hadCarrier = true;
    if (carrier !== false || !this.hadCarrier || this.ended.aborted) return;
    this.lost = true;
    this.end();
  }
}
