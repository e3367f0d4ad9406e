/**
 * Telnet as the end of a line has it: commands are taken out of what comes, and what goes is written so that it is none.
 *
 * The other end may echo; both may leave out go-ahead and send eight bits; all else is refused. A state that is known already is not answered, so that
 * two ends do not answer each other for ever. Source: RFC 854, 856, 857, 858.
 */

const [SE, SB, WILL, WONT, DO, DONT, IAC] = [240, 250, 251, 252, 253, 254, 255];
const [BINARY, ECHO, NO_GO_AHEAD] = [0, 1, 3];
const [NUL, LF, CR] = [0, 10, 13];
const MAY_DO: ReadonlySet<number> = new Set([BINARY, ECHO, NO_GO_AHEAD]);
const WE_DO: ReadonlySet<number> = new Set([BINARY, NO_GO_AHEAD]);

type State = 'data' | 'cr' | 'command' | 'option' | 'parameters' | 'parameters, command';

export class Telnet {
  readonly #reply: (bytes: Buffer) => void;
  #state: State = 'data';
  #verb = 0;
  readonly #theirs = new Set<number>();
  readonly #ours = new Set<number>();

  constructor(reply: (bytes: Buffer) => void) {
    this.#reply = reply;
  }

  /** The data in what came. */
  received(bytes: Uint8Array): Buffer {
    const data: number[] = [];
    for (const byte of bytes) {
      const state = this.#state;
      this.#state = 'data';
      if (state === 'command') this.#command(byte, data);
      else if (state === 'option') this.#negotiate(byte);
      else if (state === 'parameters') this.#state = byte === IAC ? 'parameters, command' : 'parameters';
      else if (state === 'parameters, command') this.#state = byte === SE ? 'data' : 'parameters';
      else if (byte === IAC) this.#state = 'command';
      else if (state === 'data' || byte !== NUL) {
        data.push(byte);
        if (byte === CR && !this.#theirs.has(BINARY)) this.#state = 'cr';
      }
    }
    return Buffer.from(data);
  }

  /** Data as it goes. */
  sent(data: Uint8Array): Buffer {
    const bytes: number[] = [];
    for (const [at, byte] of data.entries()) {
      bytes.push(byte);
      if (byte === IAC) bytes.push(IAC);
      else if (byte === CR && data[at + 1] !== LF && !this.#ours.has(BINARY)) bytes.push(NUL);
    }
    return Buffer.from(bytes);
  }

  #command(byte: number, data: number[]): void {
    if (byte === IAC) data.push(IAC);
    else if (byte === SB) this.#state = 'parameters';
    else if (byte >= WILL!) {
      this.#verb = byte;
      this.#state = 'option';
    }
  }

  #negotiate(option: number): void {
    const theirs = this.#verb === WILL || this.#verb === WONT;
    const on = this.#verb === WILL || this.#verb === DO;
    const [state, allowed, yes, no] = theirs ? [this.#theirs, MAY_DO, DO!, DONT!] : [this.#ours, WE_DO, WILL!, WONT!];
    if (on && !allowed.has(option)) this.#say(no, option);
    else if (on !== state.has(option)) {
      if (on) state.add(option);
      else state.delete(option);
      this.#say(on ? yes : no, option);
    }
  }

  #say(verb: number, option: number): void {
    this.#reply(Buffer.from([IAC!, verb, option]));
  }
}
