/**
 * The engine: takes each message from the transport to where it belongs.
 *
 * A response goes to its client transaction. A request that no transaction absorbs runs through the script as a Run. While
 * a run waits (credentials, durable save, DNS), later messages of its Call-ID queue behind it, so that a dialog's messages
 * are never reordered; its retransmissions are dropped and its CANCEL is answered meanwhile. A run waits for 30 seconds in all,
 * then it is answered 504 (RFC 3261 section 21.5.5; 487 if it was cancelled; nothing if it was relayed before, since its answer is on
 * the way) and what would resume it later does nothing.
 *
 * Exactly one final reply leaves for each request, whatever the script does.
 */

import { keyedHash } from '../../core/limits/keyed-hash.ts';
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { Seldom } from '../../platform/seldom.ts';
import type { TimerWheel } from '../../platform/timer-wheel.ts';
import { Answers } from './answers.ts';
import { zeroCounters } from './engine-counters.ts';
import { canReply, findFault } from './message/faults.ts';
import { secondVia } from './message/forward.ts';
import { Glance } from './message/glance.ts';
import type { Fault, SipMessage } from './message/message.ts';
import { parseMessage } from './message/parse.ts';
import type { Deferred } from './overload/deferred.ts';
import { type Deferring, hasCredentials } from './overload/new-requests.ts';
import { endsWork, isNewWork, Overload } from './overload/overload.ts';
import { Run, type RunHost } from './run.ts';
import { OWN_REQUEST } from './transaction/branches.ts';
import { serverKey } from './transaction/keys.ts';
import type { Transactions } from './transaction/types.ts';
import type { Receiver, Source, Transport } from './transport/types.ts';
import { LONGEST_WAIT_MS, type Queued, type Waiting, WaitingRuns } from './waiting-runs.ts';

const OVERLOADED = 'Server Overloaded';
const OVERLOADED_LINE = `SIP/2.0 503 ${OVERLOADED}\r\n`;

export interface EngineScript {
  /** Starts the run at the main route; true: it came to its end. */
  start(run: Run): boolean;
  /** Goes on with the result of the function that waited; true: it came to its end. */
  resume(run: Run, result: number): boolean;
  /** Runs error_route for a request that cannot be processed; absent: the script has none. */
  readonly faulty?: ((run: Run) => boolean) | undefined;
  /** Value of the Server header, '' = none. */
  readonly server: string;
}

export interface EngineParts {
  readonly transport: Transport;
  readonly transactions: Transactions;
  readonly script: EngineScript;
  /** How long the event loop has rested; absent: as it says itself. */
  readonly rested?: (() => number) | undefined;
  /** Begins the To-tags of our own replies, so that the ACKs to them can be told; the same over restarts. */
  readonly tagPrefix: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Absent: there are none. */
  readonly ownCalls?: OwnCalls | undefined;
}

/** Calls that we make ourselves: requests in them are not the script's. */
interface OwnCalls {
  readonly size: number;
  /** What to say; undefined: nothing; null: it belongs to none of them. */
  onRequest(request: SipMessage): readonly [status: number, reason: string] | undefined | null;
}

export class Engine implements Receiver, RunHost, Deferring {
  readonly counters = zeroCounters();
  readonly overload: Overload;
  readonly #parts: EngineParts;
  readonly #answers: Answers;
  readonly #waiting: WaitingRuns;
  readonly #glance = new Glance();
  /** For the log. */
  readonly #unframed: Seldom;
  readonly #failures: Seldom;
  readonly #onTurn = (next: Queued): void => this.#beginQueued(next);
  #onIdle: (() => void) | undefined;
  /** Requests begun as they came: while new ones are put off, such as belong to a dialog. */
  #inDialog = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.overload = new Overload(parts, this);
    this.#unframed = new Seldom(parts.clock);
    this.#failures = new Seldom(parts.clock);
    this.#answers = new Answers(parts, this.counters);
    this.#waiting = new WaitingRuns(parts, this.overload, (run) => this.#abandon(run));
  }

  /** Runs that wait now, and requests that wait for being read. */
  get waiting(): number {
    return this.#waiting.size + this.overload.unreadCount;
  }

  get received(): number {
    return this.counters.requests + this.counters.responses;
  }

  get urgent(): number {
    return this.counters.responses + this.#inDialog;
  }

  onMessage(text: string, source: Source): void {
    if (this.overload.isSorting && source.point.protocol === 'udp' && this.#isSorted(text, source)) return;
    const message = parseMessage(text);
    if (message === undefined) {
      this.counters.garbage++;
      return;
    }
    if (message.isRequest) this.#onRequest(message, source);
    else this.#onResponse(message, source);
  }

  onUnframed({ status, reason }: Fault, source: Source, head: string): void {
    this.counters.garbage++;
    if (this.#unframed.due())
      this.#parts.log.info('a stream that cannot be cut into messages was closed', { reason, from: source.address });
    const request = parseMessage(head);
    if (request?.isRequest) this.#answers.refuse(request, source, status, reason);
  }

  /** Resolves when no run waits any more. */
  idle(): Promise<void> {
    if (this.waiting === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #onResponse(response: SipMessage, source: Source): void {
    this.counters.responses++;
    if (findFault(response) !== undefined || !leadsOn(response)) {
      this.counters.faultsDropped++;
      return;
    }
    if (this.#parts.transactions.onResponse(response, source.point)) return;
    // RFC 6026 section 7.2: what belongs to none of our requests goes no further.
    this.counters.strayResponses++;
  }

  /** While there is no time to spare: puts off, turns away or absorbs what a glance is enough for. */
  #isSorted(text: string, source: Source): boolean {
    const request = this.#glance;
    if (!request.at(text)) return false;
    const branchHash = keyedHash(request.branch);
    if (this.#parts.transactions.mayHave(branchHash)) return false;
    if (request.method === 'ACK') {
      if (!this.#answers.isOwn(request.tag)) return false;
      this.counters.requests++;
      this.counters.absorbed++;
      return true;
    }
    const { method, callId, hasCredentials } = request;
    if (endsWork(method)) return false;
    const before = this.overload.unread(callId);
    if (before?.text === text) {
      this.counters.requests++;
      this.counters.absorbed++;
      return true;
    }
    if (before || this.#waiting.has(callId) || (hasCredentials && this.#answers.mayHave(branchHash))) return false;
    const isShed = this.overload.isFull || this.overload.sheds(method, hasCredentials);
    if (!isShed && !this.overload.isBusy) return false;
    this.counters.requests++;
    if (isShed) this.#turnAwayAtAGlance(source);
    else this.overload.defer(text, source, callId, hasCredentials, undefined);
    return true;
  }

  /** The request glanced at. */
  #turnAwayAtAGlance(source: Source): void {
    const headers = this.overload.turnAway();
    if (headers === undefined) return;
    this.#answers.atAGlance(this.#glance, source, 503, OVERLOADED_LINE, headers);
  }

  #onRequest(request: SipMessage, source: Source): void {
    this.counters.requests++;
    const before = this.#before(request);
    if (before && isRepetition(request, before.run.message)) {
      this.counters.absorbed++;
      return;
    }
    if (before === undefined && this.#isShed(request) && this.#isUnknown(request, source)) {
      this.#turnAwayUnread(request, source);
      return;
    }
    if (this.#needsNoRun(request, source)) return;
    if (before) {
      this.#queueBehind(before, request, source);
      return;
    }
    if (this.overload.isFull && !endsWork(request.method)) {
      this.#turnAwayUnread(request, source);
      return;
    }
    this.#run(request, source);
  }

  /** The run that waits in the same call; one that was put off is read for it. */
  #before(request: SipMessage): Waiting | undefined {
    const unread = this.overload.unread(request.callId);
    if (unread) this.#read(unread);
    return this.#waiting.get(request.callId);
  }

  #isShed(request: SipMessage): boolean {
    return (
      this.overload.isSorting && isNewWork(request) && this.overload.sheds(request.method, hasCredentials(request))
    );
  }

  /** Whether it was answered or absorbed: it is at fault, or repeats what was received before. */
  #needsNoRun(request: SipMessage, source: Source): boolean {
    const fault = findFault(request);
    if (fault !== undefined) {
      if (this.#parts.script.faulty && canReply(request))
        this.#faulty(request, source, fault, this.#parts.script.faulty);
      else this.#answers.refuse(request, source, fault.status, fault.reason);
      return true;
    }
    const transaction = this.#parts.transactions.find(request);
    if (transaction) {
      this.counters.absorbed++;
      this.#parts.transactions.absorb(transaction, request);
      return true;
    }
    if (request.method === 'ACK' && this.#answers.isOwn(request.toTag)) {
      // The ACK to a stateless reply of our own has done its work by arriving.
      this.counters.absorbed++;
      return true;
    }
    const { ownCalls } = this.#parts;
    if (ownCalls !== undefined && ownCalls.size > 0 && this.#isOf(ownCalls, request, source)) return true;
    // Only replies to such are kept.
    return hasCredentials(request) && this.#answers.again(request, source);
  }

  #isOf(calls: OwnCalls, request: SipMessage, source: Source): boolean {
    const reply = calls.onRequest(request);
    if (reply === null) return false;
    if (reply !== undefined) this.#answers.answer(request, source, ...reply);
    return true;
  }

  /** Repeats nothing in work or just answered. */
  #isUnknown(request: SipMessage, source: Source): boolean {
    if (request.via === undefined) return true;
    if (this.#parts.transactions.find(request)) return false;
    return !hasCredentials(request) || !this.#answers.has(request, source);
  }

  #turnAwayUnread(request: SipMessage, source: Source): void {
    const headers = canReply(request) ? this.overload.turnAway() : undefined;
    if (headers !== undefined) this.#answers.answer(request, source, 503, OVERLOADED, headers);
  }

  #run(request: SipMessage, source: Source): void {
    const run = new Run(this, request, source);
    if (this.overload.isBusy && isNewWork(request)) {
      this.#waiting.add(run);
      this.overload.defer(request.raw, source, request.callId, hasCredentials(request), run);
      return;
    }
    this.#inDialog++;
    if (this.#parts.script.start(run)) this.#ended(run);
  }

  begin(request: Deferred): void {
    const { run } = request;
    if (run) this.#begin(run);
    else if (!request.isOver) this.#beginUnread(request);
    this.#tellIdle();
  }

  #begin(run: Run): void {
    if (run.abandoned) return;
    try {
      if (!this.#parts.script.start(run)) return;
    } catch (error) {
      this.#complain(error);
      this.#giveUp(run, 500, 'Server Internal Error');
    }
    this.#ended(run);
  }

  #beginUnread(request: Deferred): void {
    const run = this.#runOf(request);
    if (run === undefined) return;
    if (this.#parts.clock.monotonic() - request.since < LONGEST_WAIT_MS) this.#begin(run);
    else this.#abandon(run);
  }

  /** Something else of its call has come: it waits on as a run. */
  #read(request: Deferred): void {
    request.run = this.#runOf(request);
    if (request.run) this.#waiting.add(request.run);
    else request.isOver = true;
  }

  /** Undefined: it was dealt with, or cannot be. */
  #runOf(request: Deferred): Run | undefined {
    this.overload.take(request);
    try {
      const message = parseMessage(request.text);
      if (message === undefined || this.#needsNoRun(message, request.source)) return undefined;
      return new Run(this, message, request.source);
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
  }

  turnAway(request: Deferred): void {
    const { run, text, source } = request;
    if (run) this.#turnAwayRun(run);
    else if (!request.isOver) {
      this.overload.take(request);
      if (this.#glance.at(text)) this.#turnAwayAtAGlance(source);
    }
    this.#tellIdle();
  }

  #turnAwayRun(run: Run): void {
    const headers = this.overload.turnAway();
    if (headers === undefined) run.abandon();
    else this.#giveUp(run, 503, OVERLOADED, headers);
    this.#ended(run);
  }

  /** The script may answer in its own words; what it leaves without an answer is refused as ever. */
  #faulty(request: SipMessage, source: Source, fault: Fault, start: (run: Run) => boolean): void {
    const run = new Run(this, request, source);
    run.kind = 'error';
    run.fault = fault;
    run.errorStatus = fault.status;
    run.errorReason = fault.reason;
    if (start(run)) this.#ended(run);
  }

  #ended(run: Run): void {
    if (run.dropped) this.counters.silenced++;
    if (run.fault && run.finalStatus === 0)
      this.#answers.refuse(run.message, run.source, run.fault.status, run.fault.reason);
    // t_newtran without an answer: the transaction would wait for ever.
    if (run.transaction && run.kind === 'request' && !run.relayed && run.finalStatus === 0)
      run.reply(500, 'Server Internal Error');
    const waiting = this.#waiting.remove(run);
    if (waiting === undefined) return;
    run.onEnd?.(run);
    this.#waiting.release(waiting, this.#onTurn);
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#onIdle === undefined || this.waiting > 0) return;
    this.#onIdle();
    this.#onIdle = undefined;
  }

  /** A queued request's turn has come: a transaction may have been made for it meanwhile. */
  #beginQueued({ message, source }: Queued): void {
    try {
      const transaction = this.#parts.transactions.find(message);
      if (transaction) this.#parts.transactions.absorb(transaction, message);
      else this.#run(message, source);
    } catch (error) {
      this.#complain(error);
    }
  }

  #queueBehind(before: Waiting, request: SipMessage, source: Source): void {
    const waits = before.run.message;
    if (request.method === 'CANCEL' && waits.method === 'INVITE' && isSameTransaction(request, waits, 'INVITE')) {
      const { run } = before;
      run.cancelled = true;
      this.#answers.answer(request, source, 200, 'OK');
      // The script may wait behind t_relay: then the call is under way.
      run.transaction?.user?.onCancel(run.transaction);
      return;
    }
    if (before.queue?.some((other) => isRepetition(request, other.message))) this.counters.absorbed++;
    else if (this.#waiting.queueBehind(before, { message: request, source })) this.counters.queued++;
    else this.counters.queueOverflows++;
  }

  reply(run: Run, status: number, reason: string, headers: string): boolean {
    return this.#answers.ofRun(run, status, reason, headers);
  }

  suspended(run: Run): void {
    this.counters.suspensions++;
    this.#waiting.suspend(run);
  }

  #abandon(run: Run): void {
    const { method, callId } = run.message;
    this.counters.abandoned++;
    this.#parts.log.warn('a request waited too long for a function of the script and was given up', { method, callId });
    // What t_relay has taken on goes on without the script.
    if (run.relayed || run.kind === 'failure') run.abandon();
    else if (run.cancelled) this.#giveUp(run, 487, 'Request Terminated');
    else this.#giveUp(run, 504, 'Server Time-out');
    this.#ended(run);
  }

  #giveUp(run: Run, status: number, reason: string, headers = ''): void {
    run.abandon();
    try {
      run.reply(status, reason, headers);
    } catch (error) {
      this.#complain(error);
    }
    // An ACK has no reply, and must not be passed on any more either.
    run.finalStatus ||= status;
  }

  /** Called from whatever the run waited for, so nothing may be thrown from here. */
  resumed(run: Run, result: number): void {
    try {
      if (!this.#parts.script.resume(run, result)) return;
    } catch (error) {
      this.#complain(error);
      this.#giveUp(run, 500, 'Server Internal Error');
    }
    this.#ended(run);
  }

  #complain(error: unknown): void {
    if (this.#failures.due()) this.#parts.log.error('a request could not be handled', { error: describeError(error) });
  }
}

/** All that we pass on has its sender's Via below ours, and so must the responses; a CANCEL and marked requests are our own. */
function leadsOn(response: SipMessage): boolean {
  if (response.cseq!.method === 'CANCEL' || secondVia(response) !== undefined) return true;
  return response.via?.branch?.endsWith(OWN_REQUEST) ?? false;
}

function isRepetition(request: SipMessage, of: SipMessage): boolean {
  return request.method === of.method && isSameTransaction(request, of, of.method);
}

/** As the transaction layer tells them; `method`: of the transaction. */
function isSameTransaction(request: SipMessage, of: SipMessage, method: string): boolean {
  if (request.via?.branch !== of.via?.branch) return false;
  return serverKey(request, method) === serverKey(of, method);
}
