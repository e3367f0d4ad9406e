/**
 * The stateful proxy (RFC 3261 section 16): makes the branches of a request and hands what they answer to its Call.
 *
 * ACKs pass without a transaction. Within one message nothing waits, so the order in which messages came is the order in which they
 * leave; only a host name that must be looked up suspends the run, and other requests of the same transaction (with another Call-ID)
 * may run meanwhile.
 */
import { describeError } from '../../../../platform/errors.ts';
import { Seldom } from '../../../../platform/seldom.ts';
import type { Edits } from '../../message/edits.ts';
import { prepareForward } from '../../message/forward.ts';
import { Header } from '../../message/header-names.ts';
import type { SipMessage } from '../../message/message.ts';
import { isSips } from '../../message/uri.ts';
import { DeadTargets } from '../../resolve/dead-targets.ts';
import { NamesWait } from '../../resolve/names-wait.ts';
import { RecordCache, type RecordWaiter } from '../../resolve/record-cache.ts';
import type { LookUp } from '../../resolve/records.ts';
import { accountsOf, type Branch, type Run } from '../../run.ts';
import { WAIT } from '../../script/wait.ts';
import type { Relay, Services } from '../../services.ts';
import type { ServerTransaction } from '../../transaction/types.ts';
import type { Connection } from '../../transport/types.ts';
import { breadthLine, maxBreadth } from './breadth.ts';
import { Call, type CallServices } from './call.ts';
import { type BranchRequest, isLargeFor, isOverload, writeRequest } from './call-branch.ts';
import { runBranchRoutes } from './call-routes.ts';
import { isLoop, loopMark, statelessBranch } from './loop.ts';
import { HopFault, NextHops, OVERLOADED, type Targets, type Way } from './next-hop.ts';
import { timersFor } from './parameters.ts';
import { unsupported } from './proxy-require.ts';
import { Replica } from './replica.ts';

/** SER's limit, the Request-URI included. */
const BRANCHES = 12;
const TRYING = 'trying -- your call is important to us';

export type RelayServices = Pick<Services, 'transport' | 'transactions' | 'wheel' | 'clock' | 'log'> &
  Pick<CallServices, 'dialogs'>;

export interface RelayOptions {
  /** Who knows the addresses and services of host names. */
  readonly lookUp: LookUp;
  /** Milliseconds that a request waits for them in all. */
  readonly patienceMs?: number | undefined;
}

const PATIENCE_MS = 3000;

type Places = Pick<Run, 'uri' | 'destination' | 'path' | 'branches' | 'uriFrom'>;

/** Plain numbers, read when metrics are asked for. */
export interface RelayCounters {
  relayed: number;
  stateless: number;
  loops: number;
  /** Requests that went to the next server after one had failed. */
  failovers: number;
}

export class ProxyRelay implements Relay {
  readonly counters: RelayCounters = { relayed: 0, stateless: 0, loops: 0, failovers: 0 };
  readonly #services: RelayServices;
  readonly #hops: NextHops;
  readonly #patienceMs: number;
  /** What serves all calls. */
  readonly #calls: CallServices;
  readonly #twice: Seldom;
  readonly #failures: Seldom;
  /** What runs that wait had before their branches were arranged. */
  readonly #before = new WeakMap<Run, Places>();

  constructor(services: RelayServices, { lookUp, patienceMs = PATIENCE_MS }: RelayOptions) {
    const { clock, wheel, transport } = services;
    this.#services = services;
    const records = new RecordCache({ clock, wheel, lookUp, onError: (error) => this.failed(error) });
    const dead = new DeadTargets(clock);
    this.#hops = new NextHops(transport, records, dead);
    this.#patienceMs = patienceMs;
    this.#calls = { ...services, dead, counters: this.counters };
    this.#twice = new Seldom(services.clock);
    this.#failures = new Seldom(services.clock);
  }

  relay(run: Run): number {
    if (run.relayed) return this.#refuseAgain(run);
    const armed = run.onBranch !== 0 || run.kind === 'failure';
    if (!armed) return this.#begin(run);
    // What a branch is made of is nobody's affair but the branch's.
    const { uri, destination, path, branches, uriFrom } = run;
    const before: Places = { uri, destination, path, branches, uriFrom };
    const result = this.#arrange(run) ? this.#begin(run) : run.fail(500, 'No branch to send');
    if (result === WAIT) this.#before.set(run, before);
    else Object.assign(run, before);
    return result;
  }

  begin(run: Run): number {
    if (run.message.method === 'ACK') return -1;
    if (this.#isAbsorbed(run)) return 0;
    return this.#serverOf(run) === undefined ? run.fail(OVERLOADED.status, OVERLOADED.reason) : 1;
  }

  replicate(run: Run, uri: string): number {
    const { message, source } = run;
    const { transactions, transport } = this.#services;
    const mark = loopMark(message, source.address);
    if (isLoop(message, mark, transport.points)) return run.fail(482, 'Loop Detected');
    if (!transactions.budget.fits(message.raw.length)) return run.fail(OVERLOADED.status, OVERLOADED.reason);
    const rest = prepareForward(message, run.edits, source, run.forceRport);
    const way: Way = { secure: isSips(run.uri), preferred: run.sendFrom ?? source.point, callId: message.callId };
    const parts = {
      transactions,
      findHops: (waiter: RecordWaiter) => this.#hops.to(uri, way, waiter),
      failed: (error: unknown) => this.failed(error),
    };
    const request = requestOf(run, run, { uri: run.uri, extra: '', rest, mark });
    const fault = new Replica(parts, request, source.address, this.#patienceMs).send();
    return fault ? run.fail(fault.status, fault.reason) : 1;
  }

  /**
   * Puts what is to be sent in the places where it is looked for: in a failure route the added branches alone, and each through its
   * branch route. False: none is left.
   */
  #arrange(run: Run): boolean {
    if (run.kind === 'failure' && !shift(run, run.branches ?? [])) return false;
    return run.onBranch === 0 || shift(run, runBranchRoutes(run, run.onBranch));
  }

  #begin(run: Run): number {
    // While too much is held, nobody waits: a name that is not known counts as unknown.
    const mayWait = this.#services.transactions.budget.fits(run.message.raw.length);
    return this.#relay(run, mayWait ? new RunWait(this, run, this.#patienceMs) : undefined);
  }

  #refuseAgain(run: Run): number {
    if (this.#twice.due()) {
      const { method, callId } = run.message;
      this.#services.log.warn('the script relays a request for the second time, which has no effect', {
        method,
        callId,
      });
    }
    return -1;
  }

  /** Once more after names were looked up; there may be more to ask, but not for longer. */
  again(run: Run, names: RunWait): void {
    // What went wrong before it could be suspended has had its answer.
    if (!run.waiting && !run.abandoned) return;
    if (run.abandoned) {
      this.#services.transactions.budget.change(-run.message.raw.length);
      return;
    }
    let result: number;
    try {
      result = this.#relay(run, names);
      if (result === WAIT) return;
    } catch (error) {
      this.failed(error);
      run.reply(500, 'Server Internal Error');
      result = 0;
    }
    this.#services.transactions.budget.change(-run.message.raw.length);
    Object.assign(run, this.#before.get(run));
    run.proxy = undefined;
    run.resume(result);
  }

  /** For requests of our own: as NextHops.to. */
  findHops(uri: string, way: Way, waiter: RecordWaiter | undefined): Targets | HopFault | undefined {
    return this.#hops.to(uri, way, waiter);
  }

  /** Of what runs outside of a script, which would see to its own errors. */
  failed(error: unknown): void {
    if (!this.#failures.due()) return;
    this.#services.log.error('a request could not be relayed', { error: describeError(error) });
  }

  #relay(run: Run, names: RunWait | undefined): number {
    const { message } = run;
    if (run.finalStatus !== 0) return -1;
    if (this.#isAbsorbed(run)) return 1;
    if (message.method === 'CANCEL') return this.#cancel(run);
    if (run.call?.cancelled) return -1;
    // While a failure route waited, a callee who was thought silent has answered.
    if (run.kind === 'failure' && run.transaction!.status >= 200) return -1;
    if (run.cancelled && message.method === 'INVITE') return this.#answer(run, 487, 'Request Terminated');
    const mark = loopMark(message, run.source.address);
    if (isLoop(message, mark, this.#services.transport.points)) {
      this.counters.loops++;
      return run.fail(482, 'Loop Detected');
    }
    const isAck = message.method === 'ACK';
    const extensions = isAck ? undefined : unsupported(message);
    if (extensions !== undefined) return this.#answer(run, 420, 'Bad Extension', extensions);
    const further = isAck ? undefined : run.branches;
    if (further && further.length >= BRANCHES) return run.fail(500, 'Forking capacity exceeded');
    const targets = this.#targets(run, further, names);
    if (names?.isOpen) {
      if (run.waiting) return WAIT;
      // The caller shall not repeat an INVITE just because a name server is slow.
      if (message.method === 'INVITE') run.reply(100, TRYING);
      this.#services.transactions.budget.change(message.raw.length);
      return run.suspend();
    }
    const fault = firstFault(targets);
    if (fault) return run.fail(fault.status, fault.reason);
    return isAck ? this.#passOn(run, targets[0] as Targets, mark) : this.#fork(run, targets, mark);
  }

  /** True: while the run waited, another one made the transaction that this request belongs to. */
  #isAbsorbed(run: Run): boolean {
    const { transactions } = this.#services;
    const known = run.transaction ? undefined : transactions.find(run.message);
    if (known === undefined) return false;
    transactions.absorb(known, run.message);
    run.transaction = known;
    run.relayed = true;
    return true;
  }

  /** RFC 3261 section 16.10; one whose INVITE is not known here is not passed on, since it could be anybody's. */
  #cancel(run: Run): number {
    const invite = this.#services.transactions.findCancelled(run.message);
    // Where there is no room for a transaction, the answer needs none.
    this.#serverOf(run);
    run.relayed = true;
    if (invite) run.reply(200, 'OK');
    else run.reply(481, 'Call/Transaction Does Not Exist');
    invite?.user?.onCancel(invite);
    return 1;
  }

  #answer(run: Run, status: number, reason: string, headers?: string): number {
    if (this.#serverOf(run) === undefined) return run.fail(OVERLOADED.status, OVERLOADED.reason);
    run.relayed = true;
    run.reply(status, reason, headers);
    return 1;
  }

  /** Where each branch goes, the Request-URI's first. While names are open there are less targets than branches. */
  #targets(run: Run, further: readonly Branch[] | undefined, names: RunWait | undefined): (Targets | HopFault)[] {
    const targets: (Targets | HopFault)[] = [];
    this.#addTargets(targets, run, { uri: run.uri, destination: run.destination, sendFrom: run.uriFrom }, names);
    if (further) for (const branch of further) this.#addTargets(targets, run, branch, names);
    return targets;
  }

  #addTargets(
    all: (Targets | HopFault)[],
    run: Run,
    { uri, destination, sendFrom }: Pick<Branch, 'uri' | 'destination' | 'sendFrom'>,
    names: RunWait | undefined,
  ): void {
    const preferred = sendFrom ?? run.sendFrom ?? run.source.point;
    // RFC 3261 section 16.6 step 7: it demands TLS whatever the next hop's URI says.
    const way: Way = { secure: isSips(uri), preferred, callId: run.message.callId };
    const targets = this.#hops.to(run.proxy ?? destination ?? uri, way, names);
    if (targets) all.push(targets);
  }

  #fork(run: Run, targets: readonly (Targets | HopFault)[], mark: string): number {
    const { message } = run;
    const copies = targets.reduce((count, target) => (target instanceof HopFault ? count : count + 1), 0);
    const breadth = maxBreadth(message);
    if (breadth < 0) return run.fail(400, 'Bad Max-Breadth Header');
    if (breadth < copies) return run.fail(440, 'Max-Breadth Exceeded');
    const server = this.#serverOf(run);
    if (server === undefined) return run.fail(OVERLOADED.status, OVERLOADED.reason);
    const call = this.#callOf(run, server);
    if (call.branchCount + targets.length > BRANCHES) return run.fail(500, 'Forking capacity exceeded');
    run.relayed = true;
    this.counters.relayed++;
    if (run.source.connection) this.#learnContact(message, run.source.connection);
    if (run.kind === 'failure') call.rearm(run);
    if (call.isInvite && run.kind === 'request' && !run.noTrying) run.reply(100, TRYING);
    const first = message.indexOf(Header.maxBreadth);
    if (first >= 0) removeBreadth(message, run.edits);
    const rest = prepareForward(message, run.edits, run.source, run.forceRport);
    let sent = 0;
    for (let i = 0; i < targets.length; i++) {
      const target = targets[i]!;
      const { uri, path, made, destination } = i === 0 ? run : run.branches![i - 1]!;
      const branch = call.add(uri, made?.onReply);
      if (target instanceof HopFault) {
        branch.unsent(target);
        continue;
      }
      // A request of one branch is not made longer.
      let extra = first >= 0 || copies > 1 ? breadthLine(breadth, copies, sent++) : '';
      if (path !== undefined) extra += `Route: ${path}\r\n`;
      if (made && first >= 0) removeBreadth(message, made.edits);
      const own = made ? prepareForward(message, made.edits, run.source, run.forceRport) : rest;
      const request = requestOf(run, made ?? run, { uri, extra, rest: own, mark });
      // Who has registered over UDP, or a socket that the script names, is meant to hear over UDP.
      const open = ((i === 0 ? run.uriFrom : run.branches![i - 1]!.sendFrom) ?? run.sendFrom) === undefined;
      const isLarge = open && isLargeFor(target[0], request, this.#services.transactions);
      branch.send(request, isLarge ? this.#hops.byStream(run.proxy ?? destination ?? uri, target) : target);
    }
    call.settle(run.kind === 'request');
    return 1;
  }

  /** In a failure route it is the call that failed; with AVPs that say so, its timers are its own. */
  #callOf(run: Run, server: ServerTransaction): Call {
    if (run.call instanceof Call) return run.call;
    const preset = run.edition.timers;
    const timers = run.avps === undefined ? preset : timersFor(run.avps, preset);
    return new Call(run, server, this.#calls, timers);
  }

  /** So that the requests of the dialog find back to the caller. */
  #learnContact(message: SipMessage, connection: Connection): void {
    const contact = message.viaCount === 1 ? message.contacts?.[0] : undefined;
    if (contact) this.#services.transport.names.claim(contact.uri, connection, '');
  }

  /** An ACK to the next hop, without a transaction. */
  #passOn(run: Run, [target]: Targets, mark: string): number {
    const { message } = run;
    const sender = message.via;
    if (sender === undefined) return run.fail(400, 'Bad Via Header');
    run.relayed = true;
    this.counters.stateless++;
    const rest = prepareForward(message, run.edits, run.source, run.forceRport);
    const extra = run.path === undefined ? '' : `Route: ${run.path}\r\n`;
    const passed = requestOf(run, run, { uri: run.uri, extra, rest, mark });
    const text = writeRequest(passed, target.point!, statelessBranch(sender, mark));
    this.#services.transport.send(text, target);
    accountsOf(run)?.acknowledged(run);
    return 1;
  }

  /** The run's server transaction; undefined when there is no room for one. */
  #serverOf(run: Run): ServerTransaction | undefined {
    if (run.transaction) return run.transaction;
    try {
      run.transaction = this.#services.transactions.createServer(run.message, run.source, undefined, run.forceRport);
    } catch (error) {
      if (!isOverload(error)) throw error;
    }
    return run.transaction;
  }
}

/** `made`: whose Record-Route it gets. */
function requestOf(
  { message, source, advertised, localRport: rport }: Run,
  { recordRoute }: Pick<Run, 'recordRoute'>,
  { uri, extra, rest, mark }: Pick<BranchRequest, 'uri' | 'extra' | 'rest' | 'mark'>,
): BranchRequest {
  return { method: message.method, uri, extra, rest, recordRoute, inside: source.point, mark, advertised, rport };
}

function removeBreadth(message: SipMessage, edits: Edits): void {
  for (let at = message.indexOf(Header.maxBreadth); at >= 0; at = message.indexOf(Header.maxBreadth, at + 1))
    edits.remove(at);
}

/** Makes the first of the branches the Request-URI's, and the others its further ones. */
function shift(run: Run, branches: readonly Branch[]): boolean {
  const [first, ...further] = branches;
  if (first === undefined) return false;
  run.uri = first.uri;
  run.destination = first.destination;
  run.path = first.path;
  run.uriFrom = first.sendFrom;
  run.made = first.made;
  run.branches = further.length === 0 ? undefined : further;
  return true;
}

/** A run that waits for host names to be looked up. */
class RunWait extends NamesWait {
  readonly #relay: ProxyRelay;
  readonly #run: Run;

  constructor(relay: ProxyRelay, run: Run, patienceMs: number) {
    super(run.source.address, patienceMs);
    this.#relay = relay;
    this.#run = run;
  }

  protected answered(): void {
    this.#relay.again(this.#run, this);
  }
}

/** What keeps the request from being sent at all; undefined: one branch at least can be sent. */
function firstFault(targets: readonly (Targets | HopFault)[]): HopFault | undefined {
  for (const one of targets) if (!(one instanceof HopFault)) return undefined;
  return targets[0] as HopFault;
}
