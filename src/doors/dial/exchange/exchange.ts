/**
 * A bank of virtual modems on pseudo terminals, joined by a telephone exchange: `DIRECTORY/modem1` has the number 1001, and so on. Other numbers
 * lead to TCP ports.
 *
 * For each line there is a file `DIRECTORY/dcd.modem1` exactly while its carrier line is on, for programs under a shim that gives
 * pseudo terminals modem lines. The directory is made where it is missing.
 *
 * Units: milliseconds, bit/s. Errors: EXCHANGE_PTYS.
 */

import { rmSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatehouseError } from '../../../platform/errors.ts';
import { openPtys, type Ptys } from './ptys.ts';
import { type Subscriber, Switch } from './switch.ts';
import { type TcpAddress, TcpNumber } from './tcp-number.ts';
import { VirtualModem } from './virtual-modem.ts';

export interface ExchangeOptions {
  readonly directory: string;
  readonly lines: number;
  /** How long a second of the modems and the exchange lasts: less makes tests fast. */
  readonly secondMs?: number;
  /** After the called party has hung up and the caller has not (calling-party control). 0: at once; Infinity: never. */
  readonly releaseMs?: number;
  /** From one ring to the next: two seconds. */
  readonly ringMs?: number;
  /** What CONNECT says, and how fast data goes. */
  readonly speed?: number;
  readonly random?: () => number;
  /** Numbers that lead to TCP ports. */
  readonly numbers?: ReadonlyMap<string, TcpAddress>;
}

/** One line of the exchange. */
export interface ExchangeLine {
  readonly name: string;
  readonly number: string;
  /** The symbolic link to the PTY; of a number that leads elsewhere `telnet://HOST:PORT`. */
  readonly path: string;
  /** There exactly while the carrier line is on; empty where there is none. */
  readonly carrierFile: string;
  readonly state: string;
}

export interface Exchange {
  /** Those with a modem first. */
  readonly lines: readonly ExchangeLine[];
  /** The call on this line fails in the exchange. */
  drop(line: number): void;
  /** A telephone in parallel is lifted: callers hear busy, and a call stays up although the modem hangs up. */
  telephone(line: number, offHook: boolean): void;
  /** Cuts the cable: no dial tone, no ring. */
  cable(line: number, cut: boolean): void;
  /** So many bytes of a thousand that go over this line are spoilt. */
  noise(line: number, perThousand: number): void;
  close(): Promise<void>;
  /** Settled when it cannot go on. */
  readonly lost: Promise<GatehouseError>;
}

export const FIRST_NUMBER = 1001;

export async function startExchange(options: ExchangeOptions): Promise<Exchange> {
  const { directory, lines, secondMs = 1000, releaseMs = 0, speed = 57_600, random = Math.random } = options;
  const { ringMs = 2 * secondMs, numbers = new Map<string, TcpAddress>() } = options;
  await mkdir(directory, { recursive: true });
  const exchange = new Switch({ secondMs, releaseMs, ringMs, random });
  const names = Array.from({ length: lines }, (_, index) => `modem${index + 1}`);
  const carrierFiles = names.map((name) => join(directory, `dcd.${name}`));
  for (const file of carrierFiles) rmSync(file, { force: true });
  let ptys: Ptys | undefined;
  const modems = names.map((_, line) => {
    let paused = false;
    const cable = { send: (bytes: Uint8Array) => ptys?.send(line, bytes), clearToSend, carrier };
    return new VirtualModem(String(FIRST_NUMBER + line), exchange, cable, { secondMs, speed });

    function clearToSend(clear: boolean): void {
      if (paused === !clear) return;
      paused = !clear;
      ptys?.pause(line, paused);
    }

    function carrier(up: boolean, text?: Uint8Array): void {
      if (up) writeFileSync(carrierFiles[line]!, '');
      else rmSync(carrierFiles[line]!, { force: true });
      if (text !== undefined) ptys?.loseCarrier(line, text);
    }
  });
  const tcp = [...numbers].map(([number, address]) => new TcpNumber(number, exchange, address, secondMs));
  const ends = [...modems, ...tcp];
  ptys = await openPtys(directory, names, {
    data: (line, bytes) => modems[line]!.fromProgram(bytes),
    state: (line, { dtr }) => modems[line]!.setDtr(dtr),
    full: (line, full) => modems[line]!.setFull(full),
  });
  const { lost } = ptys;
  return {
    lines: ends.map((end, line) => ({
      name: names[line] ?? `tcp${line + 1 - lines}`,
      number: end.subscriber.number,
      path: end instanceof TcpNumber ? end.address : join(directory, names[line]!),
      carrierFile: carrierFiles[line] ?? '',
      get state() {
        return end.state;
      },
    })),
    drop: (line) => exchange.cut(subscriber(line)),
    telephone: (line, offHook) => exchange.hook(subscriber(line), 'telephone', offHook),
    cable(line, cut) {
      subscriber(line).dead = cut;
      if (cut) exchange.cut(subscriber(line));
    },
    noise(line, perThousand) {
      subscriber(line).noise = perThousand;
    },
    lost,
    async close() {
      exchange.close();
      for (const end of ends) end.close();
      await ptys.close();
      await Promise.all(carrierFiles.map((file) => rm(file, { force: true })));
    },
  };

  function subscriber(line: number): Subscriber {
    return ends[line]!.subscriber;
  }
}
