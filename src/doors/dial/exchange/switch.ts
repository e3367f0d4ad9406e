/**
 * The telephone exchange: subscribers' lines, and the paths switched between them. It knows hooks, tones and numbers, and no modems.
 *
 * A path lives as long as the calling party stays off the hook; when the called party hangs up it is released at once, or, with
 * calling-party control, after `releaseMs`: until then lifting the receiver again gives the same path and no dial tone.
 * A carrier is there while both ends of an answered path give complementary tones.
 *
 * Units: milliseconds. `secondMs` is how long a second of the exchange lasts, for tests.
 */

/** What stands at a subscriber's end of the line; told, never asked. */
export interface Terminal {
  /** One ring, the n-th of this call. */
  ringing(ring: number, callerId: string): void;
  /** The caller gave up, or somebody lifted. */
  ringingStopped(): void;
  /** Both tones are there: data can flow. */
  carrierUp(): void;
  /** The other end's tone is gone. */
  carrierLost(): void;
  /** What the other end sent. */
  receive(bytes: Uint8Array): void;
  /** The other end's program does not read: nothing more is to be sent until it does. */
  hold(held: boolean): void;
}

export type Tone = 'originate' | 'answer';
/** What a caller hears after dialling. */
export type Progress = 'ringing' | 'busy' | 'unobtainable';

interface Path {
  readonly caller: Subscriber;
  readonly callee: Subscriber;
  answered: boolean;
  up: boolean;
  rings: number;
  timer: NodeJS.Timeout | undefined;
}

export interface Subscriber {
  readonly number: string;
  readonly terminal: Terminal;
  /** What the modem does with the hook, and a telephone in parallel. */
  modemOffHook: boolean;
  telephoneOffHook: boolean;
  /** The cable is cut: no dial tone, and whoever calls hears it ring. */
  dead: boolean;
  /** How many bytes of a thousand are spoilt on their way from here. */
  noise: number;
  tone: Tone | undefined;
  path: Path | undefined;
}

export interface SwitchOptions {
  readonly secondMs: number;
  /** After the called party has hung up and the caller has not: 0: released at once; Infinity: never. */
  readonly releaseMs: number;
  /** From one ring to the next. */
  readonly ringMs: number;
  readonly random: () => number;
}

export class Switch {
  readonly #options: SwitchOptions;
  readonly #byNumber = new Map<string, Subscriber>();

  constructor(options: SwitchOptions) {
    this.#options = options;
  }

  connect(number: string, terminal: Terminal): Subscriber {
    const subscriber: Subscriber = {
      number,
      terminal,
      ...{ modemOffHook: false, telephoneOffHook: false, dead: false, noise: 0, tone: undefined, path: undefined },
    };
    this.#byNumber.set(number, subscriber);
    return subscriber;
  }

  find(number: string): Subscriber | undefined {
    return this.#byNumber.get(number);
  }

  hasDialTone(line: Subscriber): boolean {
    return isOffHook(line) && line.path === undefined && !line.dead;
  }

  /** Sets one of the two hooks of a line. */
  hook(line: Subscriber, which: 'modem' | 'telephone', off: boolean): void {
    const before = isOffHook(line);
    if (which === 'modem') line.modemOffHook = off;
    else line.telephoneOffHook = off;
    if (which === 'modem' && !off) this.give(line, undefined);
    const now = isOffHook(line);
    if (now !== before) now ? this.#lifted(line) : this.#hungUp(line);
  }

  dial(line: Subscriber, number: string): Progress {
    if (!this.hasDialTone(line)) return 'unobtainable';
    const callee = this.#byNumber.get(number);
    if (callee === undefined) return 'unobtainable';
    if (callee.path !== undefined || isOffHook(callee)) return 'busy';
    const path: Path = { caller: line, callee, answered: false, up: false, rings: 0, timer: undefined };
    line.path = path;
    callee.path = path;
    // Not at once: a modem that answers at the first ring would be faster than the caller hears it ring.
    path.timer = setTimeout(() => this.#ring(path), 0);
    return 'ringing';
  }

  /** The tone that a modem puts on its line, or takes away. */
  give(line: Subscriber, tone: Tone | undefined): void {
    line.tone = tone;
    const { path } = line;
    if (path === undefined) return;
    const far = otherEnd(path, line);
    if (path.up && tone === undefined) {
      path.up = false;
      far.tone = undefined;
      far.terminal.carrierLost();
    } else if (!path.up && path.answered && tone !== undefined && far.tone !== undefined && far.tone !== tone) {
      path.up = true;
      far.terminal.carrierUp();
      line.terminal.carrierUp();
    }
  }

  send(line: Subscriber, bytes: Uint8Array): void {
    const { path } = line;
    if (!path?.up) return;
    const far = otherEnd(path, line);
    far.terminal.receive(this.#spoil(bytes, Math.max(line.noise, far.noise)));
  }

  hold(line: Subscriber, held: boolean): void {
    const { path } = line;
    if (path?.up) otherEnd(path, line).terminal.hold(held);
  }

  /** The exchange fails the call of this line: both ends hear nothing more of each other. */
  cut(line: Subscriber): void {
    if (line.path !== undefined) this.#release(line.path);
  }

  close(): void {
    for (const { path } of this.#byNumber.values()) clearTimeout(path?.timer);
  }

  #lifted(line: Subscriber): void {
    const { path } = line;
    if (path === undefined) return;
    clearTimeout(path.timer);
    if (path.answered || path.callee !== line) return;
    path.answered = true;
    line.terminal.ringingStopped();
  }

  #hungUp(line: Subscriber): void {
    const { path } = line;
    if (path === undefined) return;
    const { releaseMs } = this.#options;
    if (line === path.caller || releaseMs === 0) this.#release(path);
    else if (Number.isFinite(releaseMs)) path.timer = setTimeout(() => this.#release(path), releaseMs);
  }

  #release(path: Path): void {
    clearTimeout(path.timer);
    const { caller, callee, up } = path;
    caller.path = undefined;
    callee.path = undefined;
    if (!path.answered) callee.terminal.ringingStopped();
    if (!up) return;
    for (const end of [caller, callee]) {
      if (end.tone === undefined) continue;
      end.tone = undefined;
      end.terminal.carrierLost();
    }
  }

  #ring(path: Path): void {
    path.timer = setTimeout(() => this.#ring(path), this.#options.ringMs);
    path.rings += 1;
    if (!path.callee.dead) path.callee.terminal.ringing(path.rings, path.caller.number);
  }

  #spoil(bytes: Uint8Array, perThousand: number): Uint8Array {
    if (perThousand === 0) return bytes;
    const { random } = this.#options;
    return bytes.map((byte) => (random() * 1000 < perThousand ? Math.floor(random() * 256) : byte));
  }
}

function isOffHook(line: Subscriber): boolean {
  return line.modemOffHook || line.telephoneOffHook;
}

function otherEnd(path: Path, line: Subscriber): Subscriber {
  return path.caller === line ? path.callee : path.caller;
}
