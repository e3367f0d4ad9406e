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
import { PassingMap } from '../../platform/passing-map.ts';
import { Seldom } from '../../platform/seldom.ts';
import { Timer, type TimerOwner, type TimerWheel } from '../../platform/timer-wheel.ts';
import { zeroCounters } from './engine-counters.ts';
import { canReply, findFault } from './message/faults.ts';
import { secondVia } from './message/forward.ts';
import { Glance } from './message/glance.ts';
import { glanceTarget } from './message/glance-reply.ts';
import type { Fault, SipMessage } from './message/message.ts';
import { parseMessage } from './message/parse.ts';
import { replyTarget } from './message/reply.ts';
import type { Deferred } from './overload/deferred.ts';
import { type Deferring, hasCredentials } from './overload/new-requests.ts';
import { endsWork, isNewWork, Overload } from './overload/overload.ts';
import { OwnReplies } from './own-replies.ts';
import { RecentReplies } from './recent-replies.ts';
import { Run, type RunHost } from './run.ts';
import { OWN_REQUEST } from './transaction/branches.ts';
import { serverKey } from './transaction/keys.ts';
import type { Transactions } from './transaction/types.ts';
import type { Receiver, Source, Transport } from './transport/types.ts';

/** Messages of one Call-ID that may wait behind a suspended run; SIP repeats what is dropped. */
const QUEUE_PER_CALL = 16;
/** The caller of a non-INVITE gives up after 32 s (timer F): it shall hear why. */
const LONGEST_WAIT_MS = 30_000;
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

interface Waiting {
  readonly run: Run;
  /** Monotonic milliseconds. */
  readonly since: number;
  queue: { message: SipMessage; source: Source }[] | undefined;
  /** It waits for something; else its script was not begun yet. */
  suspended: boolean;
}

export class Engine implements Receiver, RunHost, TimerOwner, Deferring {
  readonly counters = zeroCounters();
  readonly overload: Overload;
  readonly #parts: EngineParts;
  readonly #own: OwnReplies;
  readonly #recent: RecentReplies;
  /** By Call-ID: the run that waits, and what came after it. */
  readonly #waiting = new PassingMap<Waiting>(keyedHash);
  readonly #glance = new Glance();
  /** Due when the first of them has waited long enough. */
  readonly #patience = new Timer(this);
  /** For the log. */
  readonly #unframed: Seldom;
  readonly #failures: Seldom;
  #onIdle: (() => void) | undefined;
  /** For the names of failure routes that wait. */
  #failureRuns = 0;
  /** Requests begun as they came: while new ones are put off, such as belong to a dialog. */
  #inDialog = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.overload = new Overload(parts, this);
    this.#unframed = new Seldom(parts.clock);
    this.#failures = new Seldom(parts.clock);
    this.#own = new OwnReplies(parts.tagPrefix, parts.script);
    this.#recent = new RecentReplies(parts.clock);
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
    if (request?.isRequest) this.#refuse(request, source, status, reason);
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
      if (!this.#own.isOwn(request.tag)) return false;
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
    if (before || this.#waiting.has(callId) || (hasCredentials && this.#recent.mayHave(branchHash))) return false;
    const isShed = this.overload.isFull || this.overload.sheds(method, hasCredentials);
    if (!isShed && !this.overload.isBusy) return false;
    this.counters.requests++;
    if (isShed) this.#turnAwayAtAGlance(source, branchHash);
    else this.overload.defer(text, source, callId, hasCredentials, undefined);
    return true;
  }

  /** The request glanced at. */
  #turnAwayAtAGlance(source: Source, branchHash: number): void {
    const headers = this.overload.turnAway();
    if (headers === undefined) return;
    const text = this.#own.atAGlance(this.#glance, source, OVERLOADED_LINE, branchHash, headers);
    this.#countReply(503);
    this.counters.statelessReplies[503]!++;
    this.#parts.transport.send(text, glanceTarget(this.#glance, source));
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
    return this.#waiting.size === 0 ? undefined : this.#waiting.get(request.callId);
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
      else this.#refuse(request, source, fault.status, fault.reason);
      return true;
    }
    const transaction = this.#parts.transactions.find(request);
    if (transaction) {
      this.counters.absorbed++;
      this.#parts.transactions.absorb(transaction, request);
      return true;
    }
    if (request.method === 'ACK' && this.#own.isOwn(request.toTag)) {
      // The ACK to a stateless reply of our own has done its work by arriving.
      this.counters.absorbed++;
      return true;
    }
    const { ownCalls } = this.#parts;
    if (ownCalls !== undefined && ownCalls.size > 0 && this.#isOf(ownCalls, request, source)) return true;
    // Only replies to such are kept.
    const kept = hasCredentials(request) ? this.#recent.find(request, source) : undefined;
    if (kept) {
      this.counters.answeredAgain++;
      this.#parts.transport.send(kept.text, kept.target);
    }
    return kept !== undefined;
  }

  #isOf(calls: OwnCalls, request: SipMessage, source: Source): boolean {
    const reply = calls.onRequest(request);
    if (reply === null) return false;
    if (reply !== undefined) this.#answer(request, source, ...reply);
    return true;
  }

  /** Repeats nothing in work or just answered. */
  #isUnknown(request: SipMessage, source: Source): boolean {
    if (request.via === undefined) return true;
    if (this.#parts.transactions.find(request)) return false;
    return !hasCredentials(request) || !this.#recent.find(request, source);
  }

  #turnAwayUnread(request: SipMessage, source: Source): void {
    const headers = canReply(request) ? this.overload.turnAway() : undefined;
    if (headers !== undefined) this.#answer(request, source, 503, OVERLOADED, headers);
  }

  #run(request: SipMessage, source: Source): void {
    const run = new Run(this, request, source);
    if (this.overload.isBusy && isNewWork(request)) {
      this.#wait(run);
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
    if (request.run) this.#wait(request.run);
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
      if (this.#glance.at(text)) this.#turnAwayAtAGlance(source, keyedHash(this.#glance.branch));
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
    if (run.fault && run.finalStatus === 0) this.#refuse(run.message, run.source, run.fault.status, run.fault.reason);
    // t_newtran without an answer: the transaction would wait for ever.
    if (run.transaction && run.kind === 'request' && !run.relayed && run.finalStatus === 0)
      run.reply(500, 'Server Internal Error');
    const { waitKey: callId } = run;
    const waiting = callId === '' ? undefined : this.#waiting.get(callId);
    if (waiting?.run !== run) return;
    this.#waiting.delete(callId);
    this.overload.released(run.message, waiting.suspended);
    run.onEnd?.(run);
    const queue = waiting.queue;
    if (queue) {
      // Each may suspend in its turn; the rest then stays behind it, in order.
      for (let i = 0; i < queue.length; i++) {
        const next = queue[i]!;
        const again = this.#waiting.get(callId);
        if (again) {
          again.queue = again.queue ? again.queue.concat(queue.slice(i)) : queue.slice(i);
          break;
        }
        this.overload.dequeued(next.message);
        this.#onRequestAgain(next.message, next.source);
      }
    }
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#onIdle === undefined || this.waiting > 0) return;
    this.#onIdle();
    this.#onIdle = undefined;
  }

  /** A queued request's turn has come: a transaction may have been made for it meanwhile. */
  #onRequestAgain(request: SipMessage, source: Source): void {
    try {
      const transaction = this.#parts.transactions.find(request);
      if (transaction) this.#parts.transactions.absorb(transaction, request);
      else this.#run(request, source);
    } catch (error) {
      this.#complain(error);
    }
  }

  #queueBehind(before: Waiting, request: SipMessage, source: Source): void {
    const waits = before.run.message;
    if (request.method === 'CANCEL' && waits.method === 'INVITE' && isSameTransaction(request, waits, 'INVITE')) {
      const { run } = before;
      run.cancelled = true;
      this.#answer(request, source, 200, 'OK');
      // The script may wait behind t_relay: then the call is under way.
      run.transaction?.user?.onCancel(run.transaction);
      return;
    }
    const queue = before.queue;
    if (queue?.some((other) => isRepetition(request, other.message))) {
      this.counters.absorbed++;
      return;
    }
    if (this.overload.isFull || queue?.length === QUEUE_PER_CALL) {
      this.counters.queueOverflows++;
      return;
    }
    if (queue === undefined) before.queue = [{ message: request, source }];
    else queue.push({ message: request, source });
    this.overload.queued(request);
    this.counters.queued++;
  }

  #refuse(request: SipMessage, source: Source, status: number, reason: string): void {
    if (!canReply(request)) {
      this.counters.faultsDropped++;
      return;
    }
    this.counters.faultsAnswered++;
    this.#answer(request, source, status, reason);
  }

  /** A reply without a transaction and without a run. */
  #answer(request: SipMessage, source: Source, status: number, reason: string, headers = ''): void {
    const text = this.#own.text(request, source, status, reason, headers, false);
    this.#countReply(status);
    this.counters.statelessReplies[status]!++;
    this.#parts.transport.send(text, replyTarget(request, source, false));
  }

  #countReply(status: number): void {
    if (status >= 200) this.counters.replies[Math.floor(status / 100)]!++;
  }

  reply(run: Run, status: number, reason: string, headers: string): boolean {
    if (run.message.method === 'ACK') return false;
    if (run.finalStatus !== 0) {
      this.counters.repliesRefused++;
      return false;
    }
    const { message, source, forceRport, transaction } = run;
    const text = this.#own.text(message, source, status, reason, headers + run.replyHeaders, forceRport, run.replyBody);
    if (transaction) {
      if (!transaction.respond(status, text)) {
        this.counters.repliesRefused++;
        return false;
      }
    } else {
      const target = replyTarget(message, source, forceRport);
      if (status >= 200 && run.authorised) this.#recent.keep(message, source, text, target.port);
      this.counters.statelessReplies[status]!++;
      this.#parts.transport.send(text, target);
    }
    this.#countReply(status);
    if (status >= 200) run.finalStatus = status;
    return true;
  }

  suspended(run: Run): void {
    this.counters.suspensions++;
    const waiting = run.waitKey === '' ? undefined : this.#waiting.get(run.waitKey);
    const own = waiting?.run === run ? waiting : this.#wait(run);
    if (own.suspended) return;
    own.suspended = true;
    this.overload.suspended(run.message);
  }

  #wait(run: Run): Waiting {
    // Behind a request the next ones of its call wait; a failure route lets them pass.
    run.waitKey ||= run.kind === 'request' ? run.message.callId : `\n${++this.#failureRuns}`;
    const waiting = { run, since: this.#parts.clock.monotonic(), queue: undefined, suspended: false };
    this.#waiting.set(run.waitKey, waiting);
    this.overload.holds(run.message.raw.length);
    if (!this.#patience.running) this.#parts.wheel.start(this.#patience, LONGEST_WAIT_MS);
    return waiting;
  }

  onTimer(): void {
    const now = this.#parts.clock.monotonic();
    let rest = Number.POSITIVE_INFINITY;
    for (const { run, since } of this.#waiting.values()) {
      const left = since + LONGEST_WAIT_MS - now;
      if (left > 0) rest = Math.min(rest, left);
      else this.#abandon(run);
    }
    if (rest !== Number.POSITIVE_INFINITY) this.#parts.wheel.start(this.#patience, rest);
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
