/**
 * What has to be put back after a call, noted on disk as long as it runs: `dial/calls/DEVICE.json`. A program that was killed leaves its note, and the
 * next one does what the other could not: ends its pppd, takes its lines out of the files of the system, and puts its modem back.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ModemStrings } from '../modem/types.ts';
import { removeLines } from './tagged-lines.ts';

/** pppd says goodbye to the other side first. */
const PROGRAM_MS = 10_000;
const POLL_MS = 50;

export interface CallNote {
  readonly pid: number;
  readonly device: string;
  readonly account: string;
  /** Of its modem: who puts it back need not dial with the same. */
  readonly strings: ModemStrings;
  /** Milliseconds since the epoch. */
  readonly started: number;
  /** Files of the system with lines of ours. */
  files: string[];
  /** The program that has the line. */
  program?: { readonly pid: number; readonly name: string } | undefined;
}

export class CallNotes {
  readonly #folder: string;

  constructor(dialFolder: string) {
    this.#folder = join(dialFolder, 'calls');
  }

  write(note: CallNote): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const file = this.#fileOf(note.device);
    writeFileSync(`${file}.new`, JSON.stringify(note), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  remove(device: string): void {
    rmSync(this.#fileOf(device), { force: true });
  }

  /** Of programs that are gone. */
  left(): CallNote[] {
    return this.#files().flatMap((file) => {
      try {
        const note = JSON.parse(readFileSync(join(this.#folder, file), 'utf8')) as CallNote;
        return note.pid === process.pid || isRunning(note.pid, 'node') ? [] : [note];
      } catch {
        return [];
      }
    });
  }

  #files(): string[] {
    try {
      return readdirSync(this.#folder).filter((name) => name.endsWith('.json'));
    } catch {
      return [];
    }
  }

  #fileOf(device: string): string {
    return join(this.#folder, `${device.replaceAll(/[^\w.-]/g, '_')}.json`);
  }
}

/** All that needs no modem. As long as its program has the line, what is said to the modem goes into the call. */
export async function tidyUp({ program, files }: CallNote): Promise<void> {
  for (const file of files) removeLines(file);
  if (!program || !isRunning(program.pid, program.name)) return;
  process.kill(program.pid, 'SIGTERM');
  const end = performance.now() + PROGRAM_MS;
  while (isRunning(program.pid, program.name) && performance.now() < end) await delay(POLL_MS);
}

/** The number may belong to another program by now. */
function isRunning(pid: number, name: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(name);
  } catch {
    return false;
  }
}
