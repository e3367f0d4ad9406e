/** An exchange without pseudo terminals, for tests: the lines of its modems lie in memory. `path` is modem1, modem2 and so on. */
import type { Line } from '../line/types.ts';
import { Switch, type SwitchOptions } from './switch.ts';
import { VirtualModem } from './virtual-modem.ts';

export interface MemoryExchange {
  readonly exchange: Switch;
  readonly modems: readonly VirtualModem[];
  /** For openModem's `openLine`; a line opened again is a new one. */
  openLine(path: string): Promise<Line>;
  /** As `carrier()` of its lines says it; undefined: they cannot show it. */
  carrierShown: boolean;
  /** The line is hung up by the kernel. */
  hangUpLine(path: string): void;
  close(): void;
}

const SPEED = 57_600;

export function memoryExchange(lines: number, options: Partial<SwitchOptions> = {}): MemoryExchange {
  const { secondMs = 20 } = options;
  const exchange = new Switch({ secondMs, releaseMs: 0, ringMs: 2 * secondMs, random: Math.random, ...options });
  const open: (MemoryLine | undefined)[] = [];
  const carriers: boolean[] = [];
  const modems = Array.from({ length: lines }, (_, index) => {
    const cable = {
      send: (bytes: Uint8Array) => open[index]?.receive(Buffer.from(bytes)),
      clearToSend: () => {},
      carrier(up: boolean, text?: Uint8Array) {
        carriers[index] = up;
        if (text !== undefined) cable.send(text);
      },
    };
    return new VirtualModem(String(1001 + index), exchange, cable, { secondMs, speed: SPEED });
  });
  const bank: MemoryExchange = { exchange, modems, openLine, carrierShown: false, hangUpLine, close };
  return bank;

  async function openLine(path: string): Promise<Line> {
    const index = Number(path.replace('modem', '')) - 1;
    const modem = modems[index]!;
    const line: MemoryLine = new MemoryLine(
      path,
      modem,
      () => (bank.carrierShown ? carriers[index] === true : undefined),
      () => {
        if (open[index] !== line) return;
        open[index] = undefined;
        modem.setDtr(false);
      },
    );
    open[index] = line;
    modem.setDtr(true);
    return line;
  }

  function hangUpLine(path: string): void {
    open[Number(path.replace('modem', '')) - 1]?.lose();
  }

  function close(): void {
    exchange.close();
    for (const modem of modems) modem.close();
  }
}

class MemoryLine implements Line {
  readonly path: string;
  readonly #modem: VirtualModem;
  readonly #carrier: () => boolean | undefined;
  readonly #closed: () => void;
  #gone = false;
  #onBytes: ((bytes: Buffer) => void) | undefined;
  #waiting: Buffer[] = [];
  #onGone: (() => void) | undefined;

  constructor(path: string, modem: VirtualModem, carrier: () => boolean | undefined, closed: () => void) {
    this.path = path;
    this.#modem = modem;
    this.#carrier = carrier;
    this.#closed = closed;
  }

  write(bytes: Uint8Array): void {
    // A modem answers later than at once, and after what was written in one go.
    setImmediate(() => {
      if (!this.#gone) this.#modem.fromProgram(bytes);
    });
  }

  listen(onBytes: ((bytes: Buffer) => void) | undefined): void {
    this.#onBytes = onBytes;
    for (const bytes of this.#waiting.splice(0)) this.receive(bytes);
  }

  receive(bytes: Buffer): void {
    if (this.#gone || bytes.length === 0) return;
    if (this.#onBytes === undefined) this.#waiting.push(bytes);
    else this.#onBytes(bytes);
  }

  onGone(listener: () => void): void {
    this.#onGone = listener;
    if (this.#gone) listener();
  }

  async carrier(): Promise<boolean | undefined> {
    return this.#gone ? undefined : this.#carrier();
  }

  async dropDtr(ms: number): Promise<void> {
    this.#modem.setDtr(false);
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#modem.setDtr(true);
  }

  lose(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#closed();
    this.#onGone?.();
  }

  async close(): Promise<void> {
    this.#onGone = undefined;
    this.lose();
  }
}
