/**
 * The response context of one relayed request: collects what its branches answer and sends upstream every 2xx, or one other
 * final response when all have ended.
 *
 * Source: RFC 3261 sections 16.7 to 16.10. A departure: a branch that nothing has answered yet counts as ended when it is cancelled, so
 * that the caller need not wait for it. Its 2xx may then come behind the 487; like any late 2xx it is passed on at once, so that the caller
 * can acknowledge it and hang up. A 408 of our own to anything but INVITE stays with the transaction, which does not send it (RFC 4320
 * section 4.2). With the first final response the call lets go of the request and of what its branches answered.
 */
import { Timer, type TimerOwner, type TimerWheel } from '../../../../platform/timer-wheel.ts';
import { buildForwardedResponse } from '../../message/forward.ts';
import { Header, type HeaderId } from '../../message/header-names.ts';
import type { SipMessage } from '../../message/message.ts';
import type { Run } from '../../run.ts';
import type { RelayTimers } from '../../services.ts';
import type { Budget } from '../../transaction/budget.ts';
import type { ClientTransaction, ClientUser, ServerTransaction, ServerUser } from '../../transaction/types.ts';
import { bestOf } from './best-reply.ts';
import { type HopFault, UNREACHABLE } from './next-hop.ts';

/** How often a callee sends a 2xx that nobody acknowledges (RFC 3261 section 13.3.1.4): in 32 s, at pauses from T1 up to T2. */
const REPETITIONS = 11;

export class Call implements ServerUser {
  readonly timers: RelayTimers;
  readonly wheel: TimerWheel;
  readonly isInvite: boolean;
  readonly #budget: Budget;
  #run: Run | undefined;
  readonly #server: ServerTransaction;
  readonly #branches: CallBranch[] = [];
  /** Characters of the responses that the branches keep. */
  #held = 0;
  /** 2xx passed on behind another final response. */
  #late = 0;
  /** A final response went upstream. */
  #answered = false;
  /** The caller cancelled. */
  #cancelled = false;

  constructor(run: Run, server: ServerTransaction, timers: RelayTimers, wheel: TimerWheel, budget: Budget) {
    this.#run = run;
    this.#budget = budget;
    this.#server = server;
    this.timers = timers;
    this.wheel = wheel;
    this.isInvite = server.isInvite;
    server.user = this;
  }

  /** One more branch; all are added before any can end. */
  add(): CallBranch {
    const branch = new CallBranch(this);
    this.#branches.push(branch);
    return branch;
  }

  onCancel(): void {
    if (this.#answered || this.#cancelled) return;
    this.#cancelled = true;
    this.#cancelBranches();
    this.settle();
  }

  /** Nothing is left to do: what still runs ends by its own timers. */
  onAbandoned(): void {}

  provisional(response: SipMessage): void {
    if (!this.#answered) this.#server.respond(response.status, buildForwardedResponse(response));
  }

  success(response: SipMessage): void {
    const text = buildForwardedResponse(response);
    const sent = this.#respond(response.status, text);
    if (!sent && this.isInvite && this.#late++ < REPETITIONS * this.#branches.length) this.#server.pass(text);
    if (this.#answered) return;
    this.#answered = true;
    this.#release();
    this.#cancelBranches();
  }

  /** What a branch shall keep of its final response until the best is chosen. */
  kept(response: SipMessage): SipMessage | undefined {
    if (this.#answered) return undefined;
    this.#held += response.raw.length;
    this.#budget.change(response.raw.length);
    return response;
  }

  /** A branch has ended without a 2xx. */
  ended(branch: CallBranch): void {
    if (this.#answered) return;
    if (branch.status >= 600) this.#cancelBranches();
    this.settle();
  }

  /** Answers when no branch is left that could. */
  settle(): void {
    if (this.#answered) return;
    for (const branch of this.#branches) if (branch.status === 0) return;
    this.#answered = true;
    const best = bestOf(this.#branches, this.#cancelled);
    if (best.response) this.#forward(best.response);
    else this.#run?.reply(best.replyStatus, best.reason);
    this.#release();
  }

  #release(): void {
    this.#run = undefined;
    for (const branch of this.#branches) branch.response = undefined;
    this.#budget.change(-this.#held);
    this.#held = 0;
  }

  #respond(status: number, text: string): boolean {
    const sent = this.#server.respond(status, text);
    if (sent && this.#run) this.#run.finalStatus = status;
    return sent;
  }

  #cancelBranches(): void {
    for (const branch of this.#branches) branch.cancel();
  }

  #forward(response: SipMessage): void {
    let { status } = response;
    let text = buildForwardedResponse(response);
    if (status === 503) {
      // RFC 3261 section 16.7 step 6: that one server is overloaded says nothing of the next request.
      status = 500;
      text = `SIP/2.0 500 ${response.reason}${text.slice(text.indexOf('\r\n'))}`;
    } else if (status === 401 || status === 407) text = this.#withChallenges(response, text);
    this.#respond(status, text);
  }

  /** RFC 3261 section 16.7 step 7: the challenges of the other branches go along. */
  #withChallenges(chosen: SipMessage, text: string): string {
    let lines = '';
    for (const { response } of this.#branches) {
      if (response === undefined || response === chosen) continue;
      if (response.status !== 401 && response.status !== 407) continue;
      lines += copies(response, Header.wwwAuthenticate) + copies(response, Header.proxyAuthenticate);
    }
    if (lines === '') return text;
    const end = text.indexOf('\r\n\r\n') + 2;
    return text.slice(0, end) + lines + text.slice(end);
  }
}

/**
 * One branch and its client transaction, whose own timer is fr_timer. An INVITE also has fr_inv_timer, the timer C of RFC 3261 section
 * 16.8: it runs from the sending, since a 100 says nothing here, and anew from each provisional response.
 */
export class CallBranch implements ClientUser, TimerOwner {
  readonly #call: Call;
  #timer: Timer | undefined;
  #client: ClientTransaction | undefined;
  #ringing = false;
  #cancelled = false;

  /** Final status for the choice of the best, 0 while the branch runs. A branch that could not be sent counts as 503. */
  status = 0;
  /** The final response; absent: the status is our own. */
  response: SipMessage | undefined;
  replyStatus = 0;
  reason = '';

  constructor(call: Call) {
    this.#call = call;
  }

  /** The request is on its way. */
  sent(client: ClientTransaction): void {
    this.#client = client;
    if (!this.#call.isInvite) return;
    this.#timer = new Timer(this);
    this.#call.wheel.start(this.#timer, this.#call.timers.invite);
  }

  /** There is no way to send it. The caller settles when all branches are there. */
  unsent(fault: HopFault): void {
    this.status = 503;
    this.replyStatus = fault.status;
    this.reason = fault.reason;
  }

  /** Only an INVITE can be cancelled (RFC 3261 section 9.1). */
  cancel(): void {
    const client = this.#client;
    if (this.status !== 0 || !this.#call.isInvite || this.#cancelled || client === undefined) return;
    this.#cancelled = true;
    this.#stop();
    client.cancel();
    // One that has answered says 487 soon, or its transaction's timer ends it.
    if (client.status < 100) this.#set(487, 'Request Terminated');
  }

  onResponse(_client: ClientTransaction, response: SipMessage): void {
    const { status } = response;
    if (status < 200) {
      this.#restart();
      this.#call.provisional(response);
    } else if (status < 300) {
      this.#stop();
      if (this.status === 0) this.#set(status, '');
      this.#call.success(response);
    } else if (this.status === 0) {
      this.#stop();
      this.response = this.#call.kept(response);
      this.status = status;
      this.#call.ended(this);
    }
  }

  onTimeout(): void {
    this.#end();
  }

  onTransportError(): void {
    if (this.status !== 0) return;
    this.#stop();
    this.unsent(UNREACHABLE);
    this.#call.ended(this);
  }

  onTimer(): void {
    this.#client?.cancel();
    this.#end();
  }

  /** Nothing came in time. */
  #end(): void {
    if (this.status !== 0) return;
    this.#stop();
    if (this.#cancelled) this.#set(487, 'Request Terminated');
    else this.#set(408, 'Request Timeout');
    this.#call.ended(this);
  }

  #restart(): void {
    if (this.status !== 0 || this.#cancelled || this.#timer === undefined) return;
    if (this.#ringing && !this.#call.timers.restart) return;
    this.#ringing = true;
    this.#call.wheel.start(this.#timer, this.#call.timers.invite);
  }

  #stop(): void {
    if (this.#timer) this.#call.wheel.stop(this.#timer);
  }

  #set(status: number, reason: string): void {
    this.status = status;
    this.replyStatus = status;
    this.reason = reason;
  }
}

function copies(response: SipMessage, id: HeaderId): string {
  let lines = '';
  for (let at = response.indexOf(id); at >= 0; at = response.indexOf(id, at + 1)) lines += response.lineAt(at);
  return lines;
}
