/**
 * A client transaction at work: feeds its machine (invite-client.ts or non-invite-client.ts) with responses, timers and failures,
 * and does what the machine says.
 *
 * Two timers serve all: one repeats (A or E), one ends the state (B, D, M or F, K). Over TCP nothing is repeated and D and K are zero.
 * The request text is kept until the final response has come; of an INVITE that failed, its ACK after that.
 */
import { Timer, type TimerOwner } from '../../../platform/timer-wheel.ts';
import { detach, type SipMessage } from '../message/message.ts';
import { parseMessage } from '../message/parse.ts';
import type { SendFailure, Target } from '../transport/types.ts';
import { buildAck } from './derived-request.ts';
import { LIFETIME, REPEAT, type TransactionHost } from './host.ts';
import * as invite from './invite-client.ts';
import { clientKey } from './keys.ts';
import * as nonInvite from './non-invite-client.ts';
import type { Listed } from './table.ts';
import type { ClientTransaction, ClientUser } from './types.ts';

/** Whoever needs to be told nothing. */
export const INDIFFERENT: ClientUser = { onResponse() {}, onTimeout() {}, onTransportError() {} };

type Input = invite.Input | nonInvite.Input;
type Action = invite.Action | nonInvite.Action;

export class Client implements ClientTransaction, TimerOwner, SendFailure, Listed<Client> {
  readonly key: string;
  readonly method: string;
  readonly target: Target;
  text: string;
  status = 0;
  older: Client | undefined;
  newer: Client | undefined;
  readonly #host: TransactionHost;
  #user: ClientUser;
  readonly #lifetime: Timer;
  readonly #repeat: Timer | undefined;
  #state: invite.State | nonInvite.State;
  /** What the lifetime timer means when it fires. */
  #lifetimeInput: Input;
  /** Milliseconds that the user waits. */
  readonly #patience: number;
  /** Milliseconds between the last two transmissions. */
  #pause: number;
  #cancelWanted = false;
  #cancelSent = false;
  #ack = '';
  /** Characters counted. */
  #held = 0;
  /** What the step under way is about. */
  #response: SipMessage | undefined;
  #failureCode = '';

  constructor(
    host: TransactionHost,
    request: { method: string; branch: string; text: string; target: Target; timeoutMs?: number },
    user: ClientUser,
  ) {
    this.#host = host;
    this.#user = user;
    // A branch is put together of pieces: as one text it takes a quarter.
    this.key = detach(clientKey(request.method, request.branch));
    this.method = request.method;
    this.text = request.text;
    this.target = request.target;
    this.#count();
    const { t1 } = host.timers;
    this.#state = this.isInvite ? 'calling' : 'trying';
    const ms = request.timeoutMs ?? 64 * t1;
    this.#lifetimeInput = !this.isInvite ? 'timerF' : ms < 64 * t1 ? 'timerS' : 'timerB';
    this.#patience = ms;
    this.#lifetime = new Timer(this, LIFETIME);
    host.wheel.start(this.#lifetime, ms);
    this.#pause = t1;
    if (request.target.protocol === 'udp') {
      this.#repeat = new Timer(this, REPEAT);
      host.wheel.start(this.#repeat, t1);
    }
    host.transport.send(request.text, request.target, this);
  }

  get branch(): string {
    return this.key.slice(this.method.length + 1);
  }

  get isInvite(): boolean {
    return this.method === 'INVITE';
  }

  get terminated(): boolean {
    return this.#state === 'terminated';
  }

  /** Ends early when nothing but repetitions is waited for any more (timers D, K and M), or what the user does not wait for (B). */
  forget(): void {
    const lingers = this.#state === 'completed' || this.#state === 'accepted' || this.#state === 'silent';
    if (lingers) this.#input(this.#lifetimeInput);
  }

  get #reliable(): boolean {
    return this.#repeat === undefined;
  }

  onResponse(response: SipMessage): void {
    const { status } = response;
    if (this.status >= 200 && status >= 200) this.#host.counts.retransmissionsIn++;
    if (this.status < 200) this.status = status;
    this.#response = response;
    try {
      if (status < 200) this.#input('1xx');
      else if (!this.isInvite) this.#input('200-699');
      else this.#input(status < 300 ? '2xx' : '300-699');
    } finally {
      this.#response = undefined;
    }
  }

  onTimer(timer: Timer): void {
    if (timer.kind === LIFETIME) this.#input(this.#lifetimeInput);
    else this.#input(this.isInvite ? 'timerA' : 'timerE');
  }

  sendFailed(code: string): void {
    this.#failureCode = code;
    try {
      this.#input('transportError');
    } catch (error) {
      this.#host.failed(error);
    }
  }

  cancel(): void {
    if (!this.isInvite || this.status >= 200 || this.terminated) return;
    this.#cancelWanted = true;
    if (this.#state === 'proceeding') this.#sendCancel();
  }

  #sendCancel(): void {
    if (this.#cancelSent) return;
    this.#cancelSent = true;
    this.#startLifetime('timerB', 64 * this.#host.timers.t1);
    this.#host.sendCancel(this);
  }

  #input(input: Input): void {
    if (this.terminated) return;
    const [state, actions] = this.isInvite
      ? invite.step(this.#state as invite.State, input as invite.Input)
      : nonInvite.step(this.#state as nonInvite.State, input as nonInvite.Input);
    this.#state = state;
    if (state === 'terminated') this.#end();
    for (const action of actions) this.#perform(action);
  }

  #perform(action: Action): void {
    const { timers } = this.#host;
    switch (action) {
      case 'passUp':
        this.#passUp(this.#response!);
        break;
      case 'sendAck':
        this.#sendAck(this.#response!);
        break;
      case 'resend':
        this.#host.counts.retransmissionsOut++;
        this.#host.transport.send(this.text, this.target);
        break;
      case 'doubleA':
        this.#repeatAfter(this.#pause * 2);
        break;
      case 'doubleE':
        this.#repeatAfter(Math.min(this.#pause * 2, timers.t2));
        break;
      case 'setEToT2':
        this.#repeatAfter(timers.t2);
        break;
      case 'stopAB':
      case 'stopEF':
        this.#host.wheel.stop(this.#lifetime);
        if (this.#repeat) this.#host.wheel.stop(this.#repeat);
        break;
      case 'restB':
        this.#cancelWanted = true;
        if (this.#repeat) this.#host.wheel.stop(this.#repeat);
        this.#startLifetime('timerB', 64 * timers.t1 - this.#patience);
        break;
      case 'startM':
        this.#forgetText();
        this.#startLifetime('timerM', 64 * timers.t1);
        break;
      case 'startD':
        this.#forgetText();
        this.#startLifetime('timerD', this.#reliable ? 0 : timers.d);
        break;
      case 'startK':
        this.#forgetText();
        this.#startLifetime('timerK', this.#reliable ? 0 : timers.t4);
        break;
      case 'reportTimeout':
        this.#host.counts.timeouts++;
        this.#user.onTimeout(this);
        break;
      case 'reportTransportError':
        this.#user.onTransportError(this, this.#failureCode);
        break;
    }
  }

  #passUp(response: SipMessage): void {
    if (this.#cancelWanted && this.#state === 'proceeding') this.#sendCancel();
    const user = this.#user;
    // What comes now is absorbed: nothing more is to be told.
    if (this.#state === 'completed' && !this.isInvite) this.#user = INDIFFERENT;
    if (response.status > 100) user.onResponse(this, response);
  }

  #sendAck(response: SipMessage): void {
    // A request that we cannot read ourselves (its URI came from outside) has no ACK, but must end like any other.
    const request = this.#ack === '' ? parseMessage(this.text) : undefined;
    if (request) this.#ack = detach(buildAck(request, response));
    if (this.#ack !== '') this.#host.transport.send(this.#ack, this.target);
  }

  #repeatAfter(ms: number): void {
    this.#pause = ms;
    this.#host.wheel.start(this.#repeat!, ms);
  }

  /** A wait of no time is over at once. */
  #startLifetime(input: Input, ms: number): void {
    if (ms === 0) {
      this.#input(input);
      return;
    }
    this.#lifetimeInput = input;
    this.#host.wheel.start(this.#lifetime, ms);
  }

  #forgetText(): void {
    this.text = '';
    this.#count();
  }

  #count(): void {
    const held = this.text.length + this.#ack.length;
    this.#host.budget.change(held - this.#held);
    this.#held = held;
  }

  #end(): void {
    this.#ack = '';
    this.#forgetText();
    this.#host.wheel.stop(this.#lifetime);
    if (this.#repeat) this.#host.wheel.stop(this.#repeat);
    this.#host.clientEnded(this);
  }
}
