/**
 * The administrator's programs, BinAuth and PreAuth: run one file with its arguments, no shell, a small environment, a deadline, so
 * many at once.
 */
import type { ProgramRun } from '../../platform/helper/types.ts';

const DEADLINE_MS = 30_000;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Only these go along of our own environment. */
const KEPT = ['TZ', 'LANG'];

/** `command`: the file, or what runs it, its own arguments, and the file. What no environment can hold is left out of `more`. */
export function programRun(
  command: readonly string[],
  args: readonly string[],
  more: Readonly<Record<string, string>>,
  maxOutputBytes: number,
): ProgramRun {
  const env: Record<string, string> = { PATH };
  for (const name of KEPT) if (process.env[name]) env[name] = process.env[name];
  for (const [name, value] of Object.entries(more)) if (!value.includes('\0')) env[name] = value;
  const [file = '', ...first] = command;
  return { file, args: [...first, ...args], env, timeoutMs: DEADLINE_MS, maxOutputBytes };
}

/** So many at once, the others in their order. */
export class Lanes {
  readonly #most: number;
  readonly #room: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number, room: number) {
    this.#most = most;
    this.#room = room;
  }

  get hasRoom(): boolean {
    return this.#waiting.length < this.#room;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
