/**
 * A Hayes modem on a line of the exchange: commands and results on one side, hook, digits and carrier on the other.
 *
 * Deviations from a modem of metal: pulse and tone dialling are the same; W, @ and ! in a number have no effect; S10 is not waited for.
 * Units: S registers in those of V.250 (S7 s, S12 1/50 s), where a second lasts `secondMs`.
 */
import { type Command, parseCommandLine } from './command-line.ts';
import { copyOf, factoryProfile, type Profile, profileText, threeDigits } from './profile.ts';
import { type Result, resultText, waitsForDialTone } from './results.ts';
import type { Subscriber, Switch, Terminal } from './switch.ts';

/** The serial cable of a modem, as the modem has it. */
export interface Cable {
  send(bytes: Uint8Array): void;
  /** CTS: whether the program may write. */
  clearToSend(clear: boolean): void;
  /** The carrier line. With `text` it fell: what the modem says when the terminal is not hung up. */
  carrier(up: boolean, text?: Uint8Array): void;
}

export interface ModemOptions {
  readonly secondMs: number;
  /** That both modems say they have reached, bit/s. */
  readonly speed: number;
}

type State =
  | 'command'
  /** After D or A, until CONNECT or not. */
  | 'calling'
  | 'data'
  /** A connection, and the modem listens to commands: after +++. */
  | 'escaped';

/** A line that is longer is an error at its end. */
const LONGEST_LINE = 255;

export class VirtualModem implements Terminal {
  readonly subscriber: Subscriber;
  readonly #exchange: Switch;
  readonly #cable: Cable;
  readonly #options: ModemOptions;
  #profile: Profile = factoryProfile();
  #stored: Profile = factoryProfile();
  #state: State = 'command';
  #dtr = false;
  #ringing = false;
  /** The command line so far, from A on. */
  #line = '';
  #lastLine = '';
  #lastByte = 0;
  /** S7 runs, a number is dialled, both modems agree on a speed. */
  #timer: NodeJS.Timeout | undefined;
  #escapes = 0;
  #lastDataAt = Number.NEGATIVE_INFINITY;
  #guard: NodeJS.Timeout | undefined;
  /** Why the program may not write: what it wrote is still under way, the other end does not read. */
  #busy: NodeJS.Timeout | undefined;
  #held = false;

  constructor(number: string, exchange: Switch, cable: Cable, options: ModemOptions) {
    this.#exchange = exchange;
    this.#cable = cable;
    this.#options = options;
    this.subscriber = exchange.connect(number, this);
  }

  /** For people: what it is doing. */
  get state(): string {
    return this.#ringing ? 'ringing' : this.#state;
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#guard);
    clearTimeout(this.#busy);
  }

  // From the program on the serial line.

  fromProgram(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 1) {
      if (this.#state === 'data') {
        this.#data(at === 0 ? bytes : bytes.subarray(at));
        return;
      }
      this.#command(bytes[at]!);
    }
  }

  setDtr(on: boolean): void {
    if (on === this.#dtr) return;
    this.#dtr = on;
    if (on) return;
    const { dtr } = this.#profile;
    if (dtr === 1 && this.#state === 'data') this.#escape();
    if (dtr < 2) return;
    if (this.#state !== 'command') this.#endCall('NO CARRIER');
    if (dtr === 3) this.#profile = copyOf(this.#stored);
  }

  /** The program does not read what was sent to it, or has read it. */
  setFull(full: boolean): void {
    this.#exchange.hold(this.subscriber, full);
  }

  // From the exchange.

  ringing(ring: number, callerId: string): void {
    this.#ringing = true;
    const { registers, callerId: shown } = this.#profile;
    registers[1] = ring;
    this.#say('RING');
    if (ring === 1 && shown && callerId !== '') this.#tell(`NMBR = ${callerId}`);
    if (registers[0]! > 0 && ring >= registers[0]! && (this.#dtr || this.#profile.dtr < 2)) this.#answer();
  }

  ringingStopped(): void {
    this.#ringing = false;
    this.#profile.registers[1] = 0;
  }

  carrierUp(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connected(), this.#options.secondMs / 2);
  }

  carrierLost(): void {
    if (this.#state !== 'command') this.#endCall('NO CARRIER');
  }

  receive(bytes: Uint8Array): void {
    if (this.#state === 'data') this.#cable.send(bytes);
  }

  hold(held: boolean): void {
    this.#held = held;
    this.#setClear();
  }

  // Commands.

  #command(byte: number): void {
    const { registers, echo } = this.#profile;
    const before = this.#lastByte;
    this.#lastByte = byte;
    if (this.#state === 'calling') {
      // CR LF as line end is no interruption.
      if (byte !== 10 || before !== registers[3]) this.#endCall('NO CARRIER');
      return;
    }
    if (echo) this.#cable.send(Uint8Array.of(byte));
    const letter = String.fromCharCode(byte);
    if (byte === registers[5]) {
      this.#line = this.#line.slice(0, -1);
    } else if (byte === registers[3]) {
      const line = this.#line;
      this.#line = '';
      if (line.length > LONGEST_LINE) this.#say('ERROR');
      else if (line.length >= 2) this.#execute(line.slice(2));
    } else if (this.#line === '') {
      if (letter === 'A' || letter === 'a') this.#line = letter;
    } else if (this.#line.length === 1) {
      this.#line = letter === 'T' || letter === 't' ? this.#line + letter : letter.toUpperCase() === 'A' ? letter : '';
      if (letter === '/') this.#execute(this.#lastLine);
    } else if (byte >= 32 && this.#line.length <= LONGEST_LINE) {
      this.#line += letter;
    }
  }

  #execute(line: string): void {
    this.#lastLine = line;
    for (const command of parseCommandLine(line)) {
      const done = this.#perform(command);
      if (done === 'wrong') this.#say('ERROR');
      if (done !== 'done') return;
    }
    this.#say('OK');
  }

  /** last: it gives its own result, now or later. */
  #perform(command: Command): 'done' | 'last' | 'wrong' {
    const profile = this.#profile;
    const { registers } = profile;
    switch (command.kind) {
      case 'unknown':
        return 'wrong';
      case 'set':
        if (command.register >= registers.length || command.value > 255) return 'wrong';
        registers[command.register] = command.value;
        return 'done';
      case 'ask':
        if (command.register >= registers.length) return 'wrong';
        this.#tell(threeDigits(registers[command.register]!));
        return 'done';
      case 'extended': {
        const callerId = /^(?:\+V|#)CID=([01])$/.exec(command.text);
        if (!callerId) return 'wrong';
        profile.callerId = callerId[1] === '1';
        return 'done';
      }
      case 'dial':
        return this.#dial(command.number);
      case 'basic':
        return this.#basic(command.name, command.value);
    }
  }

  #basic(name: string, value: number): 'done' | 'last' | 'wrong' {
    const profile = this.#profile;
    const most: Readonly<Record<string, number>> = { E: 1, V: 1, Q: 1, X: 4, '&C': 1, '&D': 3, H: 1, O: 1, I: 9, A: 0 };
    if (value > (most[name] ?? 255)) return 'wrong';
    switch (name) {
      case 'E':
        profile.echo = value === 1;
        return 'done';
      case 'V':
        profile.words = value === 1;
        return 'done';
      case 'Q':
        profile.quiet = value === 1;
        return 'done';
      case 'X':
        profile.level = value;
        return 'done';
      case '&C':
        profile.carrierDetect = value;
        this.#cable.carrier(value === 0 || this.#state === 'escaped');
        return 'done';
      case '&D':
        profile.dtr = value;
        return 'done';
      case 'Z':
      case '&F':
        if (this.#state === 'escaped') this.#endCall();
        this.#profile = name === 'Z' ? copyOf(this.#stored) : factoryProfile();
        return 'done';
      case '&W':
        this.#stored = copyOf(profile);
        return 'done';
      case '&V':
        this.#tell(profileText(profile));
        return 'done';
      case 'I':
        this.#tell(value === 0 ? '960' : `Gatehouse virtual modem, number ${this.subscriber.number}`);
        return 'done';
      case 'H':
        if (value === 1) this.#exchange.hook(this.subscriber, 'modem', true);
        else if (this.#state === 'escaped') this.#endCall();
        else this.#exchange.hook(this.subscriber, 'modem', false);
        return 'done';
      case 'O':
        if (this.#state !== 'escaped') return 'wrong';
        this.#online();
        return 'last';
      case 'A':
        if (this.#state === 'escaped') return 'wrong';
        this.#answer();
        return 'last';
      // Loudspeaker, line and flow control: nothing here to set.
      case 'M':
      case 'L':
      case 'B':
      case 'N':
      case 'T':
      case 'P':
      case 'W':
      case '&K':
      case '&S':
      case '&R':
        return 'done';
    }
    return 'wrong';
  }

  // Calls.

  #dial(text: string): 'last' | 'wrong' {
    const found = /^[TP]?([\d*#ABCDW@!,-]*)(;?)$/.exec(text.replace(/[()./]/g, ''));
    if (!found || this.#state === 'escaped') return 'wrong';
    const digits = found[1]!.replace(/[^\d*#A-D]/g, '');
    const { registers, level } = this.#profile;
    const pauses = found[1]!.split(',').length - 1;
    this.#state = 'calling';
    this.#exchange.hook(this.subscriber, 'modem', true);
    const tone = this.#exchange.hasDialTone(this.subscriber);
    if (!tone && waitsForDialTone(level)) return this.#later(1, () => this.#endCall('NO DIALTONE'));
    return this.#later(0.1 + pauses * registers[8]!, () => {
      // Before the number is out: who answers by itself may do so at once.
      this.#later(registers[7]!, () => {
        const unanswered = this.subscriber.path !== undefined && !this.subscriber.path.answered;
        this.#endCall(unanswered ? 'NO ANSWER' : 'NO CARRIER');
      });
      const progress = this.#exchange.dial(this.subscriber, digits);
      this.#exchange.give(this.subscriber, 'originate');
      if (progress === 'busy' && level >= 3) this.#later(1, () => this.#endCall('BUSY'));
    });
  }

  #answer(): void {
    this.#state = 'calling';
    this.#exchange.hook(this.subscriber, 'modem', true);
    this.#later(this.#profile.registers[7]!, () => this.#endCall('NO CARRIER'));
    this.#exchange.give(this.subscriber, 'answer');
  }

  #connected(): void {
    this.#state = 'data';
    this.#escapes = 0;
    this.#lastDataAt = performance.now();
    this.#cable.carrier(true);
    this.#say('CONNECT');
  }

  #online(): void {
    this.#state = 'data';
    this.#lastDataAt = performance.now();
    this.#say('CONNECT');
  }

  /** On the hook, in command state. Without a result where a command asked for it. */
  #endCall(result?: Result): void {
    const connected = this.#state === 'data' || this.#state === 'escaped';
    clearTimeout(this.#timer);
    clearTimeout(this.#guard);
    clearTimeout(this.#busy);
    this.#busy = undefined;
    this.hold(false);
    this.#state = 'command';
    this.#line = '';
    this.#exchange.hook(this.subscriber, 'modem', false);
    const text = Buffer.from(result === undefined ? '' : this.#resultText(result), 'latin1');
    if (connected && this.#profile.carrierDetect === 1) this.#cable.carrier(false, text);
    else if (text.length > 0) this.#cable.send(text);
  }

  #later(seconds: number, what: () => void): 'last' {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(what, seconds * this.#options.secondMs);
    return 'last';
  }

  // Data.

  /** The escape sequence goes to the other end too, as with modems of metal. */
  #data(bytes: Uint8Array): void {
    const { registers } = this.#profile;
    const sign = registers[2]!;
    const guardMs = (registers[12]! / 50) * this.#options.secondMs;
    const now = performance.now();
    clearTimeout(this.#guard);
    const quiet = now - this.#lastDataAt >= guardMs;
    if (quiet) this.#escapes = 0;
    const onlyEscapes = sign < 128 && bytes.every((byte) => byte === sign);
    this.#escapes = onlyEscapes && (quiet || this.#escapes > 0) ? this.#escapes + bytes.length : 0;
    // Each of the three may come by itself, as long as no guard time lies between.
    if (this.#escapes === 3) this.#guard = setTimeout(() => this.#escape(), guardMs);
    this.#lastDataAt = now;
    this.#exchange.send(this.subscriber, bytes);
    this.#pace(bytes.length);
  }

  /** The bytes are gone at once; the program can write the next ones when these would have arrived, ten bits each. */
  #pace(bytes: number): void {
    const { speed, secondMs } = this.#options;
    clearTimeout(this.#busy);
    this.#busy = setTimeout(
      () => {
        this.#busy = undefined;
        this.#setClear();
      },
      ((bytes * 10) / speed) * secondMs,
    );
    this.#setClear();
  }

  #setClear(): void {
    this.#cable.clearToSend(this.#busy === undefined && !this.#held);
  }

  #escape(): void {
    this.#state = 'escaped';
    this.#line = '';
    this.#say('OK');
  }

  // To the program.

  #resultText(result: Result): string {
    const { quiet, words, level, registers } = this.#profile;
    if (quiet) return '';
    return resultText(result, { words, level, cr: registers[3]!, lf: registers[4]! }, this.#options.speed);
  }

  #say(result: Result): void {
    const text = this.#resultText(result);
    if (text !== '') this.#cable.send(Buffer.from(text, 'latin1'));
  }

  /** An information line. */
  #tell(text: string): void {
    const { registers, words } = this.#profile;
    const end = String.fromCharCode(registers[3]!, registers[4]!);
    this.#cable.send(Buffer.from(`${words ? end : ''}${text}${end}`, 'latin1'));
  }
}
