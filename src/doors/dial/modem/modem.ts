/**
 * A modem with Hayes commands on a line: calls out and in, and back to a state that harms nobody.
 *
 * Units: milliseconds. Errors: MODEM_SILENT, MODEM_GONE, MODEM_RESTORE, those of the line. Source: V.250; the strings are KPPP's.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { GatehouseError } from '../../../platform/errors.ts';
import { openSerialLine, type SerialOptions } from '../line/serial.ts';
import type { Line } from '../line/types.ts';
import { CommandState, type Wait } from './command-state.ts';
import { Connection } from './connection.ts';
import { printable } from './result-reader.ts';
import { callKind } from './strings.ts';
import type { CommandResult, DialResult, Modem, ModemStrings, Ring } from './types.ts';

export interface ModemTimes {
  /** An answer to a command takes no longer. */
  readonly commandMs: number;
  /** So long after a RING the caller is still there. */
  readonly ringGapMs: number;
  readonly carrierPollMs: number;
  readonly lossQuietMs: number;
  readonly dtrMs: number;
  /** A line that was hung up can be opened again within this time. */
  readonly reopenMs: number;
}

const TIMES: ModemTimes = {
  commandMs: 5000,
  ringGapMs: 7000,
  carrierPollMs: 250,
  lossQuietMs: 300,
  dtrMs: 500,
  reopenMs: 5000,
};

/** A modem says OK so soon after the guard time. */
const ESCAPE_MS = 1000;
/** A modem that is still in the call says nothing to a command: it goes to the other end. */
const DEAF_MS = 500;
/** Where DTR is all there is: some modems, and virtual ones on a busy machine, overlook a short drop. */
const LONGER = [3, 10, 20];
/** What S2 is where nobody set it; from 128 on there is no escape sequence. */
const [PLUS, NO_ESCAPE] = [43, 255];

export interface ModemOptions {
  /**
   * There is no escape sequence as long as the modem is ours, where it takes that and obeys DTR: what a program writes to a stranger's call, who may have
   * made it do so, is no command to the modem.
   */
  readonly withoutEscape?: boolean;
  readonly times?: Partial<ModemTimes>;
  /** For tests: lines that are no devices. */
  readonly openLine?: (path: string, options: SerialOptions) => Promise<Line>;
}

export async function openModem(path: string, strings: ModemStrings, options: ModemOptions = {}): Promise<Modem> {
  const { openLine = openSerialLine, withoutEscape = false } = options;
  const open = () => openLine(path, strings);
  const times = { ...TIMES, ...options.times, withoutEscape };
  return new HayesModem(path, await open(), open, strings, times);
}

class HayesModem implements Modem {
  readonly #path: string;
  /** That DTR falls ends its call. */
  readonly #obeysDtr: boolean;
  readonly #strings: ModemStrings;
  readonly #times: ModemTimes;
  readonly #withoutEscape: boolean;
  /** Where it is off: what S2 was. */
  #escapeWas: number | undefined;
  readonly #open: () => Promise<Line>;
  readonly #state: CommandState;
  #line: Line;
  #gone = false;
  #closed = false;
  #call: Connection | undefined;
  /** A call that came by itself and was not asked for yet. */
  #unclaimed: Connection | undefined;

  constructor(
    path: string,
    line: Line,
    open: () => Promise<Line>,
    strings: ModemStrings,
    { withoutEscape, ...times }: ModemTimes & { withoutEscape: boolean },
  ) {
    this.#path = path;
    this.#obeysDtr = /&D[23]/i.test([...strings.init, strings.dial].join(' '));
    this.#withoutEscape = withoutEscape && this.#obeysDtr;
    this.#open = open;
    this.#strings = strings;
    this.#times = times;
    this.#state = new CommandState(strings, times.ringGapMs, (said, early) => this.#connected(said, early));
    this.#line = line;
    this.#attach(line);
  }

  async init(): Promise<void> {
    const { init, initResponse, preInitDelayMs, initDelayMs, toneDurationMs, volume } = this.#strings;
    const { noDialToneDetection, waitForDialTone, lineEnd } = this.#strings;
    await this.#ready();
    if (preInitDelayMs > 0) {
      await delay(preInitDelayMs);
      this.#line.write(Buffer.from(lineEnd, 'latin1'));
      await delay(preInitDelayMs);
    }
    for (const command of init) {
      await this.#expect(command, initResponse);
      await delay(initDelayMs);
    }
    if (toneDurationMs !== undefined) await this.#expect(`ATS11=${toneDurationMs}`, 'OK');
    if (volume !== '') await this.#expect(`AT${volume}`, 'OK');
    if (!waitForDialTone) await this.#expect(noDialToneDetection, 'OK');
    if (this.#withoutEscape) await this.#switchEscapeOff();
  }

  async command(text: string, timeoutMs = this.#times.commandMs): Promise<CommandResult> {
    await this.#ready();
    const outcome = await this.#state.wait({ command: text, timeoutMs });
    if (outcome.kind === 'result') return { result: outcome.result, lines: outcome.lines };
    if (outcome.kind === 'gone') throw this.#goneError();
    throw this.#silent(text, 'said nothing that ends a command');
  }

  async dial(number: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<DialResult> {
    await this.#ready();
    if (this.#state.isRinging) return { kind: 'glare' };
    return this.#makeCall({ command: `${this.#strings.dial}${number}`, ...options });
  }

  async answer(options: { timeoutMs: number; signal?: AbortSignal }): Promise<DialResult> {
    await this.#ready();
    return this.#makeCall({ command: this.#strings.answer, ...options });
  }

  async waitForConnect(options: { timeoutMs: number; signal?: AbortSignal }): Promise<DialResult> {
    await this.#ready();
    const call = this.#unclaimed;
    this.#unclaimed = undefined;
    if (call !== undefined && !call.ended.aborted) return { kind: 'connected', call };
    return this.#makeCall(options);
  }

  async waitForRing(options: { timeoutMs?: number; rings?: number; signal?: AbortSignal }): Promise<Ring | undefined> {
    const { timeoutMs, rings = 1, signal } = options;
    await this.#ready();
    const end = AbortSignal.any([
      ...(signal === undefined ? [] : [signal]),
      ...(timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]),
    ]);
    while (this.#state.rings < rings) {
      if (end.aborted) return undefined;
      if (this.#gone) throw this.#goneError();
      await this.#state.somethingRings(end);
    }
    const { callerId } = this.#state;
    return callerId === undefined ? {} : { callerId };
  }

  async hangUp(): Promise<void> {
    const call = this.#call;
    if (call === undefined || this.#closed) return;
    this.#call = undefined;
    this.#unclaimed = undefined;
    call.end();
    this.#state.takesCalls = false;
    try {
      if (call.lent || this.#gone) await this.#reopen();
      else this.#state.listen(this.#line);
      // What obeys DTR is hung up by it, whatever the other end says in the modem's words.
      if (this.#obeysDtr ? await this.#dropped(call) : call.lost && (await this.#hangs())) return;
      if (this.#escapeWas === undefined) {
        const escaped = await this.#escape();
        if (await this.#hangs(escaped ? undefined : DEAF_MS)) return;
      } else {
        for (const times of LONGER) if (await this.#dropped(call, times)) return;
      }
      if (!this.#obeysDtr && (await this.#dropped(call))) return;
      await this.#reopen();
    } catch {
      // The line is gone: nothing is up on it. Who needs it next is told so.
    } finally {
      this.#state.takesCalls = true;
    }
  }

  async restore(): Promise<void> {
    await this.#ready();
    let why = await this.#putBack();
    if (why !== undefined) {
      // It may have answered by itself meanwhile, or be in a call since a crash; a line end finishes what was half typed.
      if (this.#call !== undefined) await this.hangUp();
      else if (await this.#escape()) await this.#hangs();
      else this.#state.send('');
      why = await this.#putBack();
    }
    if (why === undefined) return;
    throw new GatehouseError('MODEM_RESTORE', `the modem could not be put back: ${why}`, {
      where: this.#path,
      hint: 'switch it off and on, or it may go on answering calls',
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.hangUp();
      await this.restore();
    } finally {
      this.#closed = true;
      await this.#line.close();
    }
  }

  // The line.

  #attach(line: Line): void {
    this.#line = line;
    this.#gone = false;
    line.onGone(() => {
      if (line !== this.#line) return;
      this.#gone = true;
      this.#state.lose();
    });
    this.#state.listen(line);
  }

  async #ready(): Promise<void> {
    if (this.#closed) throw this.#goneError();
    if (this.#gone) await this.#reopen();
  }

  async #reopen(): Promise<void> {
    await this.#line.close();
    const end = performance.now() + this.#times.reopenMs;
    for (;;) {
      try {
        return this.#attach(await this.#open());
      } catch (error) {
        this.#gone = true;
        if (performance.now() >= end) throw error;
        await delay(100);
      }
    }
  }

  #connected(line: string, early: Buffer): void {
    const { noCarrier, ring, init, dial } = this.#strings;
    const speed = /(\d+)/.exec(line.slice(this.#strings.connect.length))?.[1];
    this.#call = new Connection(this.#line, early, {
      speed: speed === undefined ? undefined : Number(speed),
      noCarrier,
      ring,
      skipLineFeed: this.#state.awaitsLineFeed,
      trustCarrier: !/&C0/i.test([...init, dial].join(' ')),
      carrierPollMs: this.#times.carrierPollMs,
      lossQuietMs: this.#times.lossQuietMs,
    });
    if (!this.#state.isAwaited) this.#unclaimed = this.#call;
  }

  // Commands.

  async #expect(command: string, response: string): Promise<void> {
    const outcome = await this.#state.wait({ command, timeoutMs: this.#times.commandMs });
    if (outcome.kind === 'gone') throw this.#goneError();
    if (outcome.kind !== 'result') throw this.#silent(command, 'did not answer');
    if (!outcome.result.startsWith(response)) throw this.#silent(command, `answered ${printable(outcome.result)}`);
  }

  /** One that cannot do it keeps its escape sequence. */
  async #switchEscapeOff(): Promise<void> {
    const { lines } = await this.command('ATS2?');
    const was = Number(lines.find((line) => /^\d{1,3}$/.test(line)) ?? PLUS);
    if ((await this.command(`ATS2=${NO_ESCAPE}`)).result !== 'ERROR') this.#escapeWas = was < 128 ? was : PLUS;
  }

  /** undefined: it is as it should be. */
  async #putBack(): Promise<string | undefined> {
    try {
      const s2 = this.#escapeWas === undefined ? '' : `S2=${this.#escapeWas}`;
      const set = await this.command(`ATS0=0&C1${s2}`);
      if (set.result === 'OK') this.#escapeWas = undefined;
      const { lines } = await this.command('ATS0?');
      if (set.result === 'OK' && lines.some((line) => /^0{1,3}$/.test(line))) return undefined;
      return `ATS0=0&C1${s2} gave ${set.result}, ATS0? ${printable(lines.join(' '))}`;
    } catch (error) {
      return (error as Error).message;
    }
  }

  // Calls.

  async #makeCall(wait: Wait): Promise<DialResult> {
    const outcome = await this.#state.wait({ ...wait, calls: true });
    if (outcome.kind === 'gone') return { kind: 'no carrier' };
    if (outcome.kind === 'result') {
      const kind = callKind(outcome.result, this.#strings);
      return kind === 'connected' ? { kind, call: this.#call! } : { kind };
    }
    // A byte while it dials or answers makes the modem give up; what waits for a call by itself is left alone.
    if (wait.command !== undefined) {
      this.#state.send('');
      await this.#state.wait({ timeoutMs: this.#times.commandMs, calls: true });
    }
    await this.hangUp();
    return { kind: outcome.kind === 'ring' ? 'glare' : outcome.kind };
  }

  /** Whether the modem hangs up when DTR falls. Where it has a carrier line, that has to have fallen; a cable without one may lack DTR, too. */
  async #dropped({ hadCarrier }: Connection, times = 1): Promise<boolean> {
    await this.#line.dropDtr(times * this.#times.dtrMs);
    const carrier = await this.#line.carrier();
    return (carrier === undefined || (hadCarrier && !carrier)) && (await this.#hangs(DEAF_MS));
  }

  /**
   * Whether the modem says that it has hung up; then it has nothing left to say that could be taken for the answer to the next call. The escape string
   * before the hang-up string is sent by itself, between guard times.
   */
  async #hangs(timeoutMs = this.#times.commandMs): Promise<boolean> {
    const hasHungUp = await this.#saysItHangs(timeoutMs);
    if (hasHungUp) await this.#state.settle(this.#times.commandMs);
    return hasHungUp;
  }

  async #saysItHangs(timeoutMs: number): Promise<boolean> {
    const { hangUp, escape: sequence, hangUpResponse, noCarrier } = this.#strings;
    const command = hangUp.startsWith(sequence) ? hangUp.slice(sequence.length) : hangUp;
    const outcome = await this.#state.wait({ command, timeoutMs });
    if (outcome.kind === 'result') return outcome.result === 'OK' || outcome.result === hangUpResponse;
    return outcome.kind === 'timed out' && outcome.lines.includes(noCarrier);
  }

  /** Whether the modem is in command state afterwards. */
  async #escape(): Promise<boolean> {
    const { escape: sequence, escapeGuardMs, noCarrier } = this.#strings;
    // The carrier may just have gone, and the modem have said so to nobody. Where callers are strangers one of them may have said it.
    const before = await this.#state.wait({ timeoutMs: escapeGuardMs });
    if (!this.#obeysDtr && 'lines' in before && before.lines.includes(noCarrier)) return true;
    this.#line.write(Buffer.from(sequence, 'latin1'));
    const after = await this.#state.wait({ timeoutMs: escapeGuardMs + Math.min(ESCAPE_MS, this.#times.commandMs) });
    return after.kind === 'result' || ('lines' in after && after.lines.includes(noCarrier));
  }

  #silent(command: string, what: string): GatehouseError {
    const { seen } = this.#state;
    return new GatehouseError(
      'MODEM_SILENT',
      `the modem ${what} to ${printable(command)}; it sent: ${seen === '' ? 'nothing' : seen}`,
      {
        where: this.#path,
        hint: 'is it switched on, at this speed and with this line end, and does no other program read from the line?',
      },
    );
  }

  #goneError(): GatehouseError {
    return new GatehouseError('MODEM_GONE', 'the line of the modem is gone', {
      where: this.#path,
      hint: 'was it unplugged, or closed by another program?',
    });
  }
}
