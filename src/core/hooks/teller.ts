/**
 * Tells one hook of sessions, one after the other in their order. What could not be told is tried again with growing pauses, and given up when
 * it is ten minutes old; while a hook is away the newest `MOST_WAITING` wait. Nobody waits for it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Hook, SessionEvent } from './types.ts';

const MOST_WAITING = 10_000;
const GIVE_UP_MS = 600_000;
const PAUSES_MS = [1_000, 5_000, 15_000, 60_000] as const;

export interface TellerParts {
  readonly name: string;
  readonly hook: Hook;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Between the first try of a notice and the next ones; the last one holds for all further. */
  readonly pausesMs?: readonly number[];
}

export class Teller {
  told = 0;
  /** Given up, or pushed out by newer ones. */
  lost = 0;
  readonly #parts: TellerParts;
  readonly #waiting: { readonly event: SessionEvent; readonly since: number }[] = [];
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(parts: TellerParts) {
    this.#parts = parts;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  push(event: SessionEvent): void {
    if (this.#closing.signal.aborted) {
      this.#lose();
      return;
    }
    this.#waiting.push({ event, since: this.#parts.clock.monotonic() });
    if (this.#waiting.length > MOST_WAITING) {
      // The first is under way.
      this.#waiting.splice(1, 1);
      this.#lose();
    }
    this.#running ??= this.#tellAll();
  }

  /** Tells what waits, for so long at most; what is left then is lost. */
  async close(withinMs: number): Promise<void> {
    const late = setTimeout(() => this.#closing.abort(), withinMs);
    await this.#running;
    clearTimeout(late);
    this.#closing.abort();
  }

  async #tellAll(): Promise<void> {
    const { signal } = this.#closing;
    for (let first = this.#waiting[0]; first !== undefined && !signal.aborted; first = this.#waiting[0]) {
      await this.#tell(first.event, first.since);
      this.#waiting.shift();
    }
    this.#running = undefined;
    for (const _ of this.#waiting.splice(0)) this.#lose();
  }

  async #tell(event: SessionEvent, since: number): Promise<void> {
    const { hook, name, timeoutMs, clock, log, pausesMs = PAUSES_MS } = this.#parts;
    const { signal } = this.#closing;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        await hook.tell(event, timeoutMs);
        this.told++;
        return;
      } catch (error) {
        if (tries === 0)
          log.warn('a hook could not be told', { hook: name, session: event.session, error: describeError(error) });
      }
      if (clock.monotonic() - since >= GIVE_UP_MS) break;
      await pause(pausesMs[Math.min(tries, pausesMs.length - 1)], undefined, { signal, ref: false }).catch(() => {});
    }
    this.#lose();
  }

  #lose(): void {
    this.lost++;
  }
}
