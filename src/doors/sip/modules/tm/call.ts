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
import type { TimerWheel } from '../../../../platform/timer-wheel.ts';
import type { Dialogs } from '../../dialogs/dialogs.ts';
import type { InDialog } from '../../dialogs/in-dialog.ts';
import { buildEditedResponse, isEdited } from '../../message/edited-response.ts';
import type { Edits } from '../../message/edits.ts';
import { buildForwardedResponse } from '../../message/forward.ts';
import { Header, type HeaderId } from '../../message/header-names.ts';
import { detach, type SipMessage } from '../../message/message.ts';
import type { DeadTargets } from '../../resolve/dead-targets.ts';
import { accountsOf, type Edition, type RelayedRequest, type RelayTimers, type Run } from '../../run.ts';
import type { ClientTransaction, ServerTransaction, ServerUser, Transactions } from '../../transaction/types.ts';
import type { Target } from '../../transport/types.ts';
import { bestOf } from './best-reply.ts';
import { type BranchOwner, CallBranch } from './call-branch.ts';
import { failureRun, runReplyRoutes } from './call-routes.ts';

/** How often a callee sends a 2xx that nobody acknowledges (RFC 3261 section 13.3.1.4): in 32 s, at pauses from T1 up to T2. */
const REPETITIONS = 11;

/** What serves all calls. */
export interface CallServices {
  readonly wheel: TimerWheel;
  readonly transactions: Transactions;
  readonly dead: DeadTargets;
  readonly counters: { failovers: number };
  /** Absent: nobody follows them. */
  readonly dialogs?: Dialogs | undefined;
}

export class Call implements ServerUser, RelayedRequest, BranchOwner {
  readonly timers: RelayTimers;
  readonly isInvite: boolean;
  readonly #services: CallServices;
  #run: Run | undefined;
  readonly #server: ServerTransaction;
  #branches: readonly CallBranch[] = [];
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
  /** The request, cancelled; whoever answers it all the same has opened a dialog. */
  #cancelledRun: Run | undefined;
  /** The dialog that the request belongs to, until it is answered. */
  #within: InDialog | undefined;

  /** `timers`: this call's own. */
  constructor(run: Run, server: ServerTransaction, services: CallServices, timers: RelayTimers) {
    this.#run = run;
    this.#server = server;
    this.#services = services;
    this.timers = timers;
    this.isInvite = server.isInvite;
    this.#edition = run.edition;
    this.#onFailure = run.onFailure;
    this.#onReply = run.onReply;
    server.user = this;
    if (run.message.toTag !== '') this.#within = services.dialogs?.enter(run);
  }

  get wheel(): TimerWheel {
    return this.#services.wheel;
  }

  get transactions(): Transactions {
    return this.#services.transactions;
  }

  get dead(): DeadTargets {
    return this.#services.dead;
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

  get ringing(): Run | undefined {
    return this.isInvite && !this.#answered && this.#run?.message.toTag === '' ? this.#run : undefined;
  }

  refuse(status: number, reason: string): void {
    if (this.#answered) return;
    this.#answered = true;
    // A 2xx that is on its way is not passed on: whoever answered hears nothing, and gives up.
    this.#late = Number.POSITIVE_INFINITY;
    this.#cancelBranches();
    this.#run?.reply(status, reason);
    this.#release();
  }

  /** The failure route has relayed it once more. */
  rearm(run: Run): void {
    if (this.#run && run.called !== '') this.#run.called = run.called;
    this.#onFailure = run.onFailure;
    this.#onReply = run.onReply;
  }

  /** One more branch; all are added before any can end. */
  add(uri: string, onReply = 0): CallBranch {
    // An INVITE's branch stays for half a minute behind its answer: of the message it came with nothing may, nor room for more branches.
    const branch = new CallBranch(this, this.isInvite ? detach(uri) : uri, onReply);
    this.#branches = this.#branches.concat(branch);
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
    if (this.#answered) return;
    this.#server.respond(response.status, passedOn(response, edits));
    const accounts = this.#run && accountsOf(this.#run);
    if (accounts?.early) accounts.replied(this.#run!, response.status, response.reason, response);
  }

  success(response: SipMessage, edits: Edits | undefined, target: Target): void {
    const text = passedOn(response, edits);
    this.#tellDialogs(response, edits, target);
    const sent = this.#respond(response, response.status, text);
    if (!sent && this.isInvite && this.#late++ < REPETITIONS * this.#branches.length) this.#server.pass(text);
    if (this.#answered) return;
    this.#answered = true;
    this.#release();
    this.#cancelBranches();
  }

  failedOver(): void {
    this.#services.counters.failovers++;
  }

  /** What a branch shall keep of its final response until the best is chosen. */
  kept(response: SipMessage): SipMessage | undefined {
    if (this.#answered) return undefined;
    this.#held += response.raw.length;
    this.transactions.budget.change(response.raw.length);
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

  #tellDialogs(response: SipMessage, edits: Edits | undefined, target: Target): void {
    const { dialogs } = this.#services;
    if (dialogs === undefined) return;
    if (this.#cancelledRun) {
      dialogs.opened(this.#cancelledRun, response, edits, target);
      this.#cancelledRun = undefined;
    } else if (this.#answered) {
      if (this.isInvite) dialogs.openedBesides(response, edits, target);
    } else if (this.#within) this.#within.agreed(response, edits);
    else if (this.isInvite && this.#run) dialogs.opened(this.#run, response, edits, target);
  }

  /** Runs the failure route; true: what follows is up to it. */
  #fails(request: Run, best: CallBranch): boolean {
    const number = this.#onFailure;
    this.#onFailure = 0;
    this.#replyStatus = best.response ? best.status : best.replyStatus;
    this.#replying = best;
    const reason = best.response?.reason ?? best.reason;
    if (this.isInvite) accountsOf(request)?.failed(request, this.#replyStatus, reason, best.response);
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
    if (this.#within) this.#within.answered(this.#server.status);
    else if (this.#cancelled && this.isInvite && this.#server.status >= 300) this.#cancelledRun = this.#run;
    this.#within = undefined;
    // Each repetition of a 2xx goes by the script, too.
    if (!this.isInvite || !this.#seesReplies) this.#run = undefined;
    // Nobody else comes to anything but an INVITE: its transaction goes on alone.
    if (!this.isInvite) this.#server.user = undefined;
    for (const branch of this.#branches) branch.response = undefined;
    this.transactions.budget.change(-this.#held);
    this.#held = 0;
  }

  get #seesReplies(): boolean {
    if (this.#onReply !== 0 || this.#edition.has('onreply_route')) return true;
    for (const branch of this.#branches) if (branch.onReply !== 0) return true;
    return false;
  }

  #respond(response: SipMessage, status: number, text: string): boolean {
    const run = this.#run;
    if (!this.#server.respond(status, text)) return false;
    if (run === undefined) return true;
    run.finalStatus = status;
    accountsOf(run)?.replied(run, status, response.reason, response);
    return true;
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
    this.#respond(response, status, text);
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

function passedOn(response: SipMessage, edits: Edits | undefined): string {
  return edits === undefined ? buildForwardedResponse(response) : buildEditedResponse(response, edits);
}

function copies(response: SipMessage, id: HeaderId): string {
  let lines = '';
  for (let at = response.indexOf(id); at >= 0; at = response.indexOf(id, at + 1)) lines += response.lineAt(at);
  return lines;
}
