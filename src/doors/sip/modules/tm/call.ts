/**
 * The response context of one relayed request: collects what its branches answer and sends upstream every 2xx, or one other
 * final response when all have ended.
 *
 * Source: RFC 3261 sections 16.7 to 16.10. A departure: a branch that nothing has answered yet counts as ended when it is cancelled, so
 * that the caller need not wait for it. Its 2xx may then come behind the 487; like any late 2xx it is passed on at once, so that the caller
 * can acknowledge it and hang up. A 408 of our own to anything but INVITE stays with the transaction, which does not send it (RFC 4320
 * section 4.2). With the first final response the call lets go of the request and of what its branches answered.
 *
 * A script that has armed a failure route gets its say when all branches have ended without a 2xx: it may answer, or add
 * branches, and then the call goes on. One with an onreply_route sees each response first.
 */
import { Timer, type TimerOwner, type TimerWheel } from '../../../../platform/timer-wheel.ts';
import { buildEditedResponse, isEdited } from '../../message/edited-response.ts';
import type { Edits } from '../../message/edits.ts';
import { buildForwardedResponse } from '../../message/forward.ts';
import { Header, type HeaderId } from '../../message/header-names.ts';
import type { SipMessage } from '../../message/message.ts';
import type { Edition, RelayedRequest, RelayTimers, Run } from '../../run.ts';
import type { Budget } from '../../transaction/budget.ts';
import type { ClientTransaction, ClientUser, ServerTransaction, ServerUser } from '../../transaction/types.ts';
import { bestOf } from './best-reply.ts';
import { failureRun, runReplyRoutes } from './call-routes.ts';
import { type HopFault, UNREACHABLE } from './next-hop.ts';

/** How often a callee sends a 2xx that nobody acknowledges (RFC 3261 section 13.3.1.4): in 32 s, at pauses from T1 up to T2. */
const REPETITIONS = 11;

/** What serves all calls. */
export interface CallServices {
  readonly timers: RelayTimers;
  readonly wheel: TimerWheel;
  readonly budget: Budget;
}

export class Call implements ServerUser, RelayedRequest {
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
  readonly #edition: Edition;
  /** Numbers of the routes armed, 0 = none. */
  #onFailure: number;
  #onReply: number;
  /** The failure route under way, or the last one. */
  #failing: Run | undefined;
  #replyStatus = 0;
  /** Whose reply a route runs for. */
  #replying: CallBranch | undefined;
  #last: CallBranch | undefined;

  constructor(run: Run, server: ServerTransaction, { timers, wheel, budget }: CallServices) {
    this.#run = run;
    this.#budget = budget;
    this.#server = server;
    this.timers = timers;
    this.wheel = wheel;
    this.isInvite = server.isInvite;
    this.#edition = run.edition;
    this.#onFailure = run.onFailure;
    this.#onReply = run.onReply;
    server.user = this;
  }

  get replyStatus(): number {
    return this.#replyStatus;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  get branchCount(): number {
    return this.#branches.length;
  }

  repliedLocally(which: 'branch' | 'last' | 'all'): boolean {
    if (which === 'all') return this.#branches.every((branch) => branch.response === undefined && branch.status >= 300);
    const branch = which === 'branch' ? this.#replying : this.#last;
    return branch !== undefined && branch.response === undefined && branch.status >= 300;
  }

  /** The failure route has relayed it once more. */
  rearm(run: Run): void {
    this.#onFailure = run.onFailure;
    this.#onReply = run.onReply;
  }

  /** One more branch; all are added before any can end. */
  add(uri: string, onReply = 0): CallBranch {
    const branch = new CallBranch(this, uri, onReply);
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

  /**
   * Lets the script see a response before anything is made of it. Undefined: nothing was changed; null: it goes no further.
   */
  onReply(branch: CallBranch, response: SipMessage, client: ClientTransaction): Edits | null | undefined {
    const number = branch.onReply || this.#onReply;
    const run = this.#run;
    if (run === undefined || (number === 0 && !this.#edition.has('onreply_route'))) return undefined;
    this.#replyStatus = response.status;
    this.#replying = branch;
    const seen = runReplyRoutes({ run, response, target: client.target, number, call: this });
    this.#replying = undefined;
    if (seen.onFailure !== run.onFailure) this.#onFailure = seen.onFailure;
    if (seen.discarded && response.status < 200) return null;
    return isEdited(seen.edits) ? seen.edits : undefined;
  }

  provisional(response: SipMessage, edits: Edits | undefined): void {
    if (!this.#answered) this.#server.respond(response.status, passedOn(response, edits));
  }

  success(response: SipMessage, edits: Edits | undefined): void {
    const text = passedOn(response, edits);
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
    this.#last = branch;
    if (this.#answered) return;
    if (branch.status >= 600) this.#cancelBranches();
    this.settle();
  }

  /** Answers when no branch is left that could. `sending`: from within the script's t_relay, which no failure route interrupts. */
  settle(sending = false): void {
    if (this.#answered || this.#failing) return;
    for (const branch of this.#branches) if (branch.status === 0) return;
    const best = bestOf(this.#branches, this.#cancelled);
    if (!sending && this.#onFailure !== 0 && this.#run && this.#fails(this.#run, best)) return;
    this.#answered = true;
    if (best.response) this.#forward(best.response, best.edits);
    else this.#run?.reply(best.replyStatus, best.reason);
    this.#release();
  }

  /** Runs the failure route; true: what follows is up to it. */
  #fails(request: Run, best: CallBranch): boolean {
    const number = this.#onFailure;
    this.#onFailure = 0;
    this.#replyStatus = best.response ? best.status : best.replyStatus;
    this.#replying = best;
    const run = failureRun(request, this, this.#edition.branchUri ? best.uri : request.uri);
    run.onEnd = () => this.#failed(run, request);
    this.#failing = run;
    if (this.#edition.start(run, `failure_route[${number}]`)) this.#failed(run, request);
    return true;
  }

  /** The failure route has come to its end: it has answered, or added branches, or the best reply goes on. */
  #failed(run: Run, request: Run): void {
    this.#failing = undefined;
    this.#replying = undefined;
    request.flags = run.flags;
    request.avps = run.avps;
    request.serial = run.serial;
    if (run.finalStatus !== 0) {
      request.finalStatus = run.finalStatus;
      this.#answered = true;
      this.#release();
    } else this.settle();
  }

  #release(): void {
    // Each repetition of a 2xx goes by the script, too.
    if (!this.isInvite || !this.#seesReplies) this.#run = undefined;
    for (const branch of this.#branches) branch.response = undefined;
    this.#budget.change(-this.#held);
    this.#held = 0;
  }

  get #seesReplies(): boolean {
    if (this.#onReply !== 0 || this.#edition.has('onreply_route')) return true;
    for (const branch of this.#branches) if (branch.onReply !== 0) return true;
    return false;
  }

  #respond(status: number, text: string): boolean {
    const sent = this.#server.respond(status, text);
    if (sent && this.#run) this.#run.finalStatus = status;
    return sent;
  }

  #cancelBranches(): void {
    for (const branch of this.#branches) branch.cancel();
  }

  #forward(response: SipMessage, edits: Edits | undefined): void {
    let { status } = response;
    let text = passedOn(response, edits);
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
  /** What an onreply_route changed in it. */
  edits: Edits | undefined;
  /** Its Request-URI. */
  readonly uri: string;
  /** Number of an onreply_route of its own, 0 = none. */
  readonly onReply: number;
  replyStatus = 0;
  reason = '';

  constructor(call: Call, uri: string, onReply: number) {
    this.#call = call;
    this.uri = uri;
    this.onReply = onReply;
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

  onResponse(client: ClientTransaction, response: SipMessage): void {
    const { status } = response;
    const seen = this.#call.onReply(this, response, client);
    const edits = seen ?? undefined;
    if (status < 200) {
      this.#restart();
      if (seen !== null) this.#call.provisional(response, edits);
    } else if (status < 300) {
      this.#stop();
      if (this.status === 0) this.#set(status, '');
      this.#call.success(response, edits);
    } else if (this.status === 0) {
      this.#stop();
      this.response = this.#call.kept(response);
      this.edits = edits;
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

function passedOn(response: SipMessage, edits: Edits | undefined): string {
  return edits === undefined ? buildForwardedResponse(response) : buildEditedResponse(response, edits);
}

function copies(response: SipMessage, id: HeaderId): string {
  let lines = '';
  for (let at = response.indexOf(id); at >= 0; at = response.indexOf(id, at + 1)) lines += response.lineAt(at);
  return lines;
}
