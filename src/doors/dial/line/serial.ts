/**
 * A serial port or PTY as a Line: raw, 8 bits, no parity, CLOCAL. The one place that knows the package for serial ports.
 *
 * Of the package only the plain calls that open a device and set its modes and modem lines are used; Node's own terminal streams read and
 * write. Its port object takes the end of a hung-up terminal for "no bytes yet" and asks again without a pause, and its poller, when
 * it is collected as garbage, takes whatever has its old file descriptor by then out of the event loop.
 * CLOCAL is set: that the carrier is lost is to be heard from `carrier()`, so that the modem can still be talked to afterwards. Where another
 * program cleared it, the kernel hangs the line up, and the path has to be opened anew.
 *
 * Units: milliseconds, bit/s. Errors: LINE_MISSING.
 */
import { ReadStream } from 'node:tty';
import { describeError, GatehouseError } from '../../../platform/errors.ts';
import type { Line } from './types.ts';

export interface SerialOptions {
  readonly speed: number;
  readonly flowControl: 'hardware' | 'software' | 'none';
}

/** What is used of the package, which types these as mere functions. */
interface Native {
  asyncOpen(path: string, modes: Readonly<Record<string, unknown>>): Promise<number>;
  asyncGet(fd: number): Promise<{ readonly dcd: boolean }>;
  asyncSet(fd: number, lines: Readonly<Record<'dtr' | 'rts' | 'cts' | 'dsr' | 'brk', boolean>>): Promise<void>;
  asyncUpdate(fd: number, modes: { readonly baudRate: number }): Promise<void>;
}

export async function openSerialLine(path: string, { speed, flowControl }: SerialOptions): Promise<Line> {
  // Only who has a line pays for the native code.
  const native = (await import('@serialport/bindings-cpp/dist/load-bindings.js')) as unknown as Native;
  try {
    const fd = await native.asyncOpen(path, {
      path,
      baudRate: speed,
      ...{ dataBits: 8, stopBits: 1, parity: 'none', vmin: 1, vtime: 0, hupcl: true },
      // Lock files say who has the line; a flock would shut out the program that gets it from us.
      lock: false,
      rtscts: flowControl === 'hardware',
      ...{ xon: flowControl === 'software', xoff: flowControl === 'software', xany: false },
    });
    return new SerialLine(path, speed, fd, native);
  } catch (cause) {
    // The native code says `Error: No such file or directory, cannot open /dev/ttyS0`, and of what is no terminal that it has no such ioctl.
    const why = describeError(cause)
      .replace(/^Error: /, '')
      .replace(`, cannot open ${path}`, '');
    const isTerminal = !/^Inappropriate ioctl/.test(why);
    throw new GatehouseError(
      'LINE_MISSING',
      `the line cannot be opened: ${isTerminal ? why : 'it is no serial line'}`,
      {
        where: path,
        hint: isTerminal
          ? 'is the device plugged in, and may this user open it (group dialout)?'
          : 'name the serial port or terminal of the modem, such as /dev/ttyS0 or /dev/ttyUSB0',
        cause,
      },
    );
  }
}

const CHUNK = 16_384;

class SerialLine implements Line {
  readonly path: string;
  readonly #speed: number;
  readonly #fd: number;
  readonly #native: Native;
  readonly #stream: ReadStream;
  #onBytes: ((bytes: Buffer) => void) | undefined;
  /** Hung up, or closed: the descriptor may be somebody else's. */
  #gone = false;
  #closed: Promise<void> | undefined;
  #onGone: (() => void) | undefined;

  constructor(path: string, speed: number, fd: number, native: Native) {
    this.path = path;
    this.#speed = speed;
    this.#fd = fd;
    this.#native = native;
    // With a buffer of its own a pause stops the reading at once; without one the next bytes would still be taken from who has the line then.
    const onread = { buffer: Buffer.allocUnsafeSlow(CHUNK), callback: this.#receive };
    this.#stream = new ReadStream(fd, { onread });
    this.#stream.on('error', () => this.#lose());
    this.#stream.on('end', () => this.#lose());
    this.#stream.on('close', () => this.#lose());
  }

  listen(onBytes: ((bytes: Buffer) => void) | undefined): void {
    if (this.#gone) return;
    this.#onBytes = onBytes;
    if (onBytes !== undefined) this.#stream.resume();
    else this.#stream.pause();
  }

  write(bytes: Uint8Array): void {
    if (!this.#gone && bytes.length > 0) this.#stream.write(bytes);
  }

  onGone(listener: () => void): void {
    this.#onGone = listener;
    if (this.#gone) listener();
  }

  async carrier(): Promise<boolean | undefined> {
    if (this.#gone) return undefined;
    try {
      return (await this.#native.asyncGet(this.#fd)).dcd;
    } catch (error) {
      // A PTY has no such lines; one that was hung up has nothing at all.
      if (/Input\/output error/.test(describeError(error))) this.#lose();
      return undefined;
    }
  }

  async dropDtr(ms: number): Promise<void> {
    if (this.#gone) return;
    const done = await this.#setDtr(false);
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (done && !this.#gone) await this.#setDtr(true);
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      if (this.#stream.closed) return resolve();
      this.#gone = true;
      this.#stream.once('close', resolve);
      this.#stream.destroy();
    });
    return this.#closed;
  }

  /** By the modem line, or by the speed 0 where there is none. */
  async #setDtr(on: boolean): Promise<boolean> {
    try {
      await this.#native.asyncSet(this.#fd, { dtr: on, rts: true, cts: false, dsr: false, brk: false });
      return true;
    } catch {
      return this.#native.asyncUpdate(this.#fd, { baudRate: on ? this.#speed : 0 }).then(
        () => true,
        () => false,
      );
    }
  }

  readonly #receive = (count: number, buffer: Uint8Array): boolean => {
    this.#onBytes?.(Buffer.from(buffer.subarray(0, count)));
    return true;
  };

  #lose(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#onBytes = undefined;
    this.#stream.destroy();
    this.#onGone?.();
  }
}
