/**
 * The network interface that pppd makes: when it is up, and how many bytes went over it. Read from /sys/class/net, where it is gone with pppd: what is
 * known is some hundred milliseconds old then.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Traffic {
  readonly received: number;
  readonly sent: number;
}

const LOOK_MS = 200;

export class InterfaceWatch {
  readonly #folder: string;
  readonly #before: ReadonlySet<string>;
  readonly #timer: NodeJS.Timeout;
  readonly #giveUp: number;
  #name: string | undefined;
  traffic: Traffic = { received: 0, sent: 0 };

  /** Tells the name of a new one that comes up within the time. */
  constructor(folder: string, withinMs: number, isUp: (name: string) => void) {
    this.#folder = folder;
    this.#before = new Set(this.#all());
    this.#giveUp = performance.now() + withinMs;
    this.#timer = setInterval(() => this.#look(isUp), LOOK_MS).unref();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#count();
  }

  #look(isUp: (name: string) => void): void {
    if (this.#name !== undefined) {
      this.#count();
      return;
    }
    this.#name = this.#all().find((name) => !this.#before.has(name));
    if (this.#name !== undefined) isUp(this.#name);
    else if (performance.now() >= this.#giveUp) clearInterval(this.#timer);
  }

  #all(): string[] {
    try {
      return readdirSync(this.#folder).filter((name) => name.startsWith('ppp'));
    } catch {
      return [];
    }
  }

  #count(): void {
    if (this.#name === undefined) return;
    const read = (file: string) => Number(readFileSync(join(this.#folder, this.#name!, 'statistics', file), 'latin1'));
    try {
      this.traffic = { received: read('rx_bytes'), sent: read('tx_bytes') };
    } catch {
      // It has just gone.
    }
  }
}
