/**
 * A session that is bound: made when it is first needed, kept while it lives, made anew after it ended.
 *
 * A gateway that does not know bind_transceiver, or says nothing to it, is asked for a transmitter over the same connection, and remembered.
 * Errors: SMS_UNREACHABLE, SMS_REFUSED.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { SmsReceipt } from '../../core/sms/types.ts';
import { COMMANDS } from './commands.ts';
import { openSocket, type Place } from './connect.ts';
import { refused } from './faults.ts';
import type { Pdu } from './pdu.ts';
import { Session } from './session.ts';
import { INVALID_COMMAND, OK } from './status.ts';

export type Role = 'transceiver' | 'transmitter' | 'receiver';

export interface LinkParts {
  readonly place: Place;
  readonly role: Role;
  /** Of any of the bind commands. */
  readonly bindBody: Uint8Array;
  readonly answerMs: number;
  readonly enquireMs: number;
  onReceipt(receipt: SmsReceipt): void;
}

/** So long a gateway may take to answer bind_transceiver before it is asked for less; the answer counts nevertheless. */
const SILENCE_MS = 2_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

export class Link {
  readonly #parts: LinkParts;
  readonly #peer: string;
  readonly #stop = new AbortController();
  #role: Role;
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  #staysBound = false;
  #pause = FIRST_PAUSE_MS;
  #again: NodeJS.Timeout | undefined;
  #fault: Error | undefined;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#role = parts.role;
    this.#peer = `${parts.place.host}:${parts.place.port}`;
  }

  /** What the gateway is asked for, or turned out to know. */
  get role(): Role {
    return this.#role;
  }

  /** Why there is no session, where there ought to be one. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /** The one that is kept, if it lives, else a new one for all who ask meanwhile. */
  async session(): Promise<Session> {
    if (this.#session && (await this.#session.isAlive())) return this.#session;
    this.#opening ??= this.#keep().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** From now on it is there without being asked for, as receipts need it; after an end it comes again, with pauses that grow. */
  stayBound(): void {
    if (this.#staysBound) return;
    this.#staysBound = true;
    this.session().catch(() => {});
  }

  /** A session of its own, which whoever asked for it unbinds. */
  open(): Promise<Session> {
    return this.#open(() => {});
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#again);
    await this.#opening?.catch(() => {});
    await this.#session?.unbind();
  }

  async #keep(): Promise<Session> {
    const began = performance.now();
    const onEnd = () => {
      if (this.#session === undefined) return;
      this.#session = undefined;
      if (performance.now() - began > this.#pause) this.#pause = FIRST_PAUSE_MS;
      this.#bindAgain();
    };
    try {
      this.#session = await this.#open(onEnd);
      this.#fault = undefined;
      return this.#session;
    } catch (error) {
      this.#fault = error as Error;
      this.#bindAgain();
      throw error;
    }
  }

  #bindAgain(): void {
    if (!this.#staysBound || this.#stop.signal.aborted) return;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.session().catch(() => {}), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS);
  }

  async #open(onEnd: () => void): Promise<Session> {
    const { place, answerMs, enquireMs, onReceipt } = this.#parts;
    const { signal } = this.#stop;
    const socket = await openSocket(place, signal);
    const session = new Session({ socket, peer: this.#peer, answerMs, enquireMs, onReceipt, onEnd });
    const stop = () => session.end('the provider was closed meanwhile');
    signal.addEventListener('abort', stop);
    try {
      await this.#bind(session);
      session.assertOpen();
      return session;
    } catch (error) {
      session.end('it did not let us in');
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #bind(session: Session): Promise<void> {
    const { answerMs } = this.#parts;
    if (this.#role !== 'transceiver') return this.#accept(await this.#ask(session, this.#role), this.#role);
    const first = this.#ask(session, 'transceiver');
    const answer = await Promise.race([first, delay(Math.min(answerMs / 2, SILENCE_MS), undefined, { ref: false })]);
    if (answer && !isUnknown(answer)) return this.#accept(answer, 'transceiver');
    const second = this.#ask(session, 'transmitter');
    // A slow gateway may still answer the first, and has then no place for the second.
    await Promise.any([
      first.then((pdu) => this.#accept(pdu, 'transceiver')),
      second.then((pdu) => this.#accept(pdu, 'transmitter')),
    ]).catch(({ errors }: AggregateError) => {
      throw errors[1];
    });
  }

  #ask(session: Session, role: Role): Promise<Pdu> {
    return session.request(`bind_${role}`, this.#parts.bindBody);
  }

  #accept({ status, command }: Pdu, role: Role): void {
    if (command === COMMANDS.generic_nack || status !== OK)
      throw refused(this.#peer, `does not let us in as ${role}`, status);
    this.#role = role;
  }
}

/** What a gateway says to a command that it has never heard of. */
function isUnknown({ command, status }: Pdu): boolean {
  return command === COMMANDS.generic_nack || status === INVALID_COMMAND;
}
