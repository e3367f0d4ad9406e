/**
 * One connection that speaks SMPP: requests with their sequence numbers and time-outs, answers to what the gateway asks, and enquire_link.
 *
 * Whatever goes wrong ends the session and fails what waits for an answer, nothing else. An answer to nothing that was asked is passed over.
 * Errors: SMS_UNREACHABLE; of a submit_sm that was sent it says that nobody knows whether the message was taken.
 */
import type { Socket } from 'node:net';
import type { SmsReceipt } from '../../core/sms/types.ts';
import type { GatehouseError } from '../../platform/errors.ts';
import { answerTo, COMMANDS, type Command, commandName, isAnswer } from './commands.ts';
import { unreachable } from './faults.ts';
import { encodePdu, type Pdu, PduFault, PduReader } from './pdu.ts';
import { readReceipt } from './receipt.ts';
import { INVALID_COMMAND, OK, REJECTED } from './status.ts';

export interface SessionParts {
  readonly socket: Socket;
  /** Host and port, for messages. */
  readonly peer: string;
  /** Milliseconds that an answer may take. */
  readonly answerMs: number;
  /** Milliseconds from one enquire_link to the next. */
  readonly enquireMs: number;
  onReceipt(receipt: SmsReceipt): void;
  onEnd(): void;
}

interface Asked {
  readonly command: Command;
  readonly timer: NodeJS.Timeout;
  answer(pdu: Pdu): void;
  fail(error: GatehouseError): void;
}

const LAST_SEQUENCE = 0x7fff_ffff;
const NO_BODY = new Uint8Array(0);
/** An empty text: the message_id of a deliver_sm_resp. */
const NO_ID = new Uint8Array(1);
/** After this silence a session has to prove that it lives before a message is given to it. */
const QUIET_MS = 5_000;
const UNBIND_MS = 1_000;
/** A gateway that lets more of what we say lie asks without reading our answers. */
const MOST_UNREAD = 256 * 1024;

export class Session {
  readonly #parts: SessionParts;
  readonly #reader = new PduReader();
  readonly #asked = new Map<number, Asked>();
  readonly #enquiring: NodeJS.Timeout;
  #sequence = 0;
  #heardAt = performance.now();
  #isSuspect = false;
  #probe: Promise<boolean> | undefined;
  /** Why there is no session any more. */
  #ended: string | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { socket, enquireMs } = parts;
    socket.on('data', (piece) => this.#hear(piece));
    socket.on('error', (error: NodeJS.ErrnoException) => this.end(`the connection broke (${error.code})`));
    socket.on('close', () => this.end('it closed the connection'));
    this.#enquiring = setInterval(() => void this.#prove(), enquireMs);
  }

  /** `heard` gets the answer before anything that came after it is looked at. */
  request(
    command: Command,
    body: Uint8Array = NO_BODY,
    ms = this.#parts.answerMs,
    heard?: (answer: Pdu) => void,
  ): Promise<Pdu> {
    if (this.#ended !== undefined) return Promise.reject(unreachable(this.#parts.peer, this.#ended));
    const sequence = this.#nextSequence();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#asked.delete(sequence);
        this.#isSuspect = true;
        reject(this.#lost(command, `it did not answer ${command} in time`));
      }, ms);
      const answer = (pdu: Pdu) => {
        heard?.(pdu);
        resolve(pdu);
      };
      this.#asked.set(sequence, { command, timer, answer, fail: reject });
      this.#write(encodePdu(COMMANDS[command], sequence, body));
    });
  }

  /** What ended with its first answer is of no use. */
  assertOpen(): void {
    if (this.#ended !== undefined) throw unreachable(this.#parts.peer, this.#ended);
  }

  /** After a silence it asks the gateway. */
  async isAlive(): Promise<boolean> {
    if (this.#ended !== undefined) return false;
    if (!this.#isSuspect && performance.now() - this.#heardAt < QUIET_MS) return true;
    return this.#prove();
  }

  async unbind(): Promise<void> {
    if (this.#ended !== undefined) return;
    await this.request('unbind', NO_BODY, Math.min(UNBIND_MS, this.#parts.answerMs)).catch(() => {});
    this.end('the session was ended');
  }

  end(why: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    clearInterval(this.#enquiring);
    for (const { command, timer, fail } of this.#asked.values()) {
      clearTimeout(timer);
      fail(this.#lost(command, why));
    }
    this.#asked.clear();
    const { socket } = this.#parts;
    // What was answered last may still go out.
    socket.destroySoon();
    setTimeout(() => socket.destroy(), UNBIND_MS).unref();
    this.#parts.onEnd();
  }

  #prove(): Promise<boolean> {
    this.#probe ??= this.request('enquire_link', NO_BODY, this.#parts.answerMs / 2)
      .then(
        () => true,
        (error: GatehouseError) => {
          this.end(error.message.slice(this.#parts.peer.length + 2));
          return false;
        },
      )
      .finally(() => {
        this.#probe = undefined;
      });
    return this.#probe;
  }

  #nextSequence(): number {
    do this.#sequence = this.#sequence === LAST_SEQUENCE ? 1 : this.#sequence + 1;
    while (this.#asked.has(this.#sequence));
    return this.#sequence;
  }

  #hear(piece: Buffer): void {
    if (this.#ended !== undefined) return;
    try {
      this.#reader.push(piece, (pdu) => {
        this.#heardAt = performance.now();
        this.#isSuspect = false;
        if (isAnswer(pdu.command)) this.#take(pdu);
        else this.#serve(pdu);
        return this.#ended === undefined;
      });
    } catch (error) {
      if (!(error instanceof PduFault)) throw error;
      this.end(error.message);
    }
  }

  #take(pdu: Pdu): void {
    const isNack = pdu.command === COMMANDS.generic_nack;
    let { sequence } = pdu;
    // A gateway that could not read a request has no number to answer with.
    if (isNack && !this.#asked.has(sequence) && this.#asked.size === 1) [sequence = 0] = this.#asked.keys();
    const asked = this.#asked.get(sequence);
    if (asked === undefined) return;
    this.#asked.delete(sequence);
    clearTimeout(asked.timer);
    if (isNack || pdu.command === answerTo(COMMANDS[asked.command])) asked.answer(pdu);
    else asked.fail(this.#lost(asked.command, `it answered ${asked.command} with ${commandName(pdu.command)}`));
  }

  #serve({ command, sequence, body }: Pdu): void {
    switch (command) {
      case COMMANDS.enquire_link:
        this.#answer(command, sequence);
        break;
      case COMMANDS.deliver_sm:
        this.#deliver(sequence, body);
        break;
      case COMMANDS.unbind:
        this.#answer(command, sequence);
        this.end('it ended the session');
        break;
      case COMMANDS.alert_notification:
      case COMMANDS.outbind:
        break; // These have no answer.
      default:
        this.#write(encodePdu(COMMANDS.generic_nack, sequence, NO_BODY, INVALID_COMMAND));
    }
  }

  #deliver(sequence: number, body: Uint8Array): void {
    let receipt: SmsReceipt | undefined;
    let status = OK;
    try {
      receipt = readReceipt(body);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      status = REJECTED;
    }
    this.#write(encodePdu(answerTo(COMMANDS.deliver_sm), sequence, NO_ID, status));
    if (receipt) this.#parts.onReceipt(receipt);
  }

  #answer(command: number, sequence: number): void {
    this.#write(encodePdu(answerTo(command), sequence));
  }

  #write(pdu: Buffer): void {
    const { socket } = this.#parts;
    socket.write(pdu);
    if (socket.writableLength <= MOST_UNREAD) return;
    socket.destroy();
    this.end('it does not read what it is sent');
  }

  #lost(command: Command, why: string): GatehouseError {
    const { peer } = this.#parts;
    if (command !== 'submit_sm') return unreachable(peer, why);
    return unreachable(
      peer,
      `${why}; it may have taken the message`,
      'it was not sent again, so that it does not come twice',
    );
  }
}
