/**
 * A server transaction at work: feeds its machine (invite-server.ts or non-invite-server.ts) with requests, responses of its user and
 * timers, and does what the machine says.
 *
 * Two timers serve all, made when they are needed: one repeats (G), one ends the state (H, I, J or L). Over TCP nothing is
 * repeated and I and J are zero. The last response is kept only while it may have to be sent again; of the request nothing but its
key, and its length is counted until the final response, since the user needs it so long.
 */
import { Timer, type TimerOwner } from '../../../platform/timer-wheel.ts';
import type { SipMessage } from '../message/message.ts';
import type { SendFailure, Target } from '../transport/types.ts';
import { LIFETIME, REPEAT, type TransactionHost } from './host.ts';
import * as invite from './invite-server.ts';
import * as nonInvite from './non-invite-server.ts';
import type { Listed } from './table.ts';
import type { ServerTransaction, ServerUser } from './types.ts';

type Input = invite.Input | nonInvite.Input;
type Action = invite.Action | nonInvite.Action;

export class Server implements ServerTransaction, TimerOwner, SendFailure, Listed<Server> {
  readonly key: string;
  readonly branchHash: number;
  readonly isInvite: boolean;
  status = 0;
  user: ServerUser | undefined;
  older: Server | undefined;
  newer: Server | undefined;
  readonly #host: TransactionHost;
  readonly #target: Target;
  #state: invite.State | nonInvite.State;
  #lifetime: Timer | undefined;
  #repeat: Timer | undefined;
  #lifetimeInput: Input = 'timerH';
  #pause = 0;
  #text = '';
  #abandoned = false;
  /** Characters of the request that are still counted. */
  #request: number;

  constructor(
    host: TransactionHost,
    received: { key: string; branchHash: number; request: SipMessage; target: Target },
    user: ServerUser | undefined,
  ) {
    this.#host = host;
    this.key = received.key;
    this.branchHash = received.branchHash;
    this.#request = received.request.raw.length;
    host.budget.change(this.#request);
    this.#target = received.target;
    this.user = user;
    this.isInvite = received.request.method === 'INVITE';
    this.#state = this.isInvite ? 'proceeding' : 'trying';
  }

  get terminated(): boolean {
    return this.#state === 'terminated';
  }

  /** A 2xx was sent: an ACK with this branch is then the user's, not the transaction's (RFC 6026 section 7.1). */
  get accepted(): boolean {
    return this.#state === 'accepted';
  }

  /** Ends early when nothing but repetitions is waited for any more (timers I, J and L). */
  forget(): void {
    const lingers = this.isInvite ? this.accepted || this.#state === 'confirmed' : this.#state === 'completed';
    if (lingers) this.#input(this.#lifetimeInput);
  }

  get #reliable(): boolean {
    return this.#target.protocol !== 'udp';
  }

  respond(status: number, text: string): boolean {
    if (this.terminated) return false;
    if (this.status >= 200 && !(this.accepted && status >= 200 && status < 300)) return false;
    if (status >= 200 && this.status < 200) this.#host.counts.completed[Math.floor(status / 100)]!++;
    this.status = status;
    this.#keep(text);
    if (status >= 200) this.#forgetRequest();
    if (status < 200) this.#input('send1xx');
    else if (!this.isInvite) this.#input(status === 408 ? 'send408' : 'send200-699');
    else this.#input(status < 300 ? 'send2xx' : 'send300-699');
    return true;
  }

  pass(text: string): void {
    this.#host.transport.send(text, this.#target);
  }

  absorb(request: SipMessage): void {
    if (request.method === 'ACK') {
      this.#input('ack');
      return;
    }
    this.#host.counts.retransmissionsIn++;
    this.#input(this.isInvite ? 'invite' : 'request');
  }

  onTimer(timer: Timer): void {
    this.#input(timer.kind === REPEAT ? 'timerG' : this.#lifetimeInput);
  }

  sendFailed(): void {
    try {
      this.#input('transportError');
    } catch (error) {
      this.#host.failed(error);
    }
  }

  #input(input: Input): void {
    if (this.terminated) return;
    const [state, actions] = this.isInvite
      ? invite.step(this.#state as invite.State, input as invite.Input)
      : nonInvite.step(this.#state as nonInvite.State, input as nonInvite.Input);
    this.#state = state;
    if (state === 'terminated') this.#end();
    for (const action of actions) this.#perform(action, input);
  }

  #perform(action: Action, input: Input): void {
    const { t1, t2, t4 } = this.#host.timers;
    switch (action) {
      case 'send':
        this.#send();
        break;
      case 'resend':
        if (this.#text === '') break;
        this.#host.counts.retransmissionsOut++;
        this.#send();
        break;
      case 'forget':
        this.#keep('');
        break;
      case 'startGH':
        this.#startLifetime('timerH', 64 * t1);
        if (!this.#reliable) this.#repeatAfter(t1);
        break;
      case 'doubleG':
        this.#repeatAfter(Math.min(this.#pause * 2, t2));
        break;
      case 'stopGH':
        this.#keep('');
        this.#stopTimers();
        break;
      case 'startI':
        this.#startLifetime('timerI', this.#reliable ? 0 : t4);
        break;
      case 'startL':
        this.#keep('');
        this.#startLifetime('timerL', 64 * t1);
        break;
      case 'startJ':
        this.#startLifetime('timerJ', this.#reliable ? 0 : 64 * t1);
        break;
      case 'reportAbandoned':
        this.#reportAbandoned(input);
        break;
    }
  }

  #send(): void {
    // A datagram's failure would cost a tick for each response, and says little: the client repeats its request.
    this.#host.transport.send(this.#text, this.#target, this.#reliable ? this : undefined);
  }

  #reportAbandoned(input: Input): void {
    if (input === 'timerH') this.#host.counts.timeouts++;
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.user?.onAbandoned(this);
  }

  #repeatAfter(ms: number): void {
    this.#pause = ms;
    this.#repeat ??= new Timer(this, REPEAT);
    this.#host.wheel.start(this.#repeat, ms);
  }

  /** A wait of no time is over at once. */
  #startLifetime(input: Input, ms: number): void {
    if (ms === 0) {
      this.#input(input);
      return;
    }
    this.#lifetimeInput = input;
    this.#lifetime ??= new Timer(this, LIFETIME);
    this.#host.wheel.start(this.#lifetime, ms);
  }

  #stopTimers(): void {
    if (this.#lifetime) this.#host.wheel.stop(this.#lifetime);
    if (this.#repeat) this.#host.wheel.stop(this.#repeat);
  }

  #keep(text: string): void {
    this.#host.budget.change(text.length - this.#text.length);
    this.#text = text;
  }

  #forgetRequest(): void {
    this.#host.budget.change(-this.#request);
    this.#request = 0;
  }

  #end(): void {
    this.#keep('');
    this.#forgetRequest();
    this.#stopTimers();
    this.#host.serverEnded(this);
  }
}
