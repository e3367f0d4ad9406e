/**
 * The stateful proxy (RFC 3261 section 16): makes the branches of a request and hands what they answer to its Call.
 *
 * ACKs pass without a transaction. Within one message nothing waits, so the order in which messages came is the order in which they
 * leave; only a host name that must be looked up suspends the run, and other requests of the same transaction (with another Call-ID)
 * may run meanwhile.
 */
import { describeError, GatehouseError } from '../../../../platform/errors.ts';
import type { Edits } from '../../message/edits.ts';
import { assembleRequest, prepareForward, viaLine } from '../../message/forward.ts';
import { Header } from '../../message/header-names.ts';
import type { SipMessage } from '../../message/message.ts';
import { withoutHeaders } from '../../message/uri.ts';
import type { Branch, Run } from '../../run.ts';
import { WAIT } from '../../script/wait.ts';
import { Seldom } from '../../seldom.ts';
import type { Relay, Services } from '../../services.ts';
import type { ServerTransaction } from '../../transaction/types.ts';
import type { Connection, Target } from '../../transport/types.ts';
import { breadthLine, maxBreadth } from './breadth.ts';
import { Call, type CallBranch } from './call.ts';
import { runBranchRoutes } from './call-routes.ts';
import { HostCache, type HostWaiter, type LookUp } from './host-cache.ts';
import { isLoop, loopMark, statelessBranch } from './loop.ts';
import { HopFault, nextHop, OVERLOADED } from './next-hop.ts';
import { timersFor } from './parameters.ts';
import { unsupported } from './proxy-require.ts';

/** SER's limit, the Request-URI included. */
const BRANCHES = 12;
const TRYING = 'trying -- your call is important to us';

export type RelayServices = Pick<Services, 'transport' | 'transactions' | 'wheel' | 'clock' | 'log'>;

type Places = Pick<Run, 'uri' | 'destination' | 'path' | 'branches'>;

/** Plain numbers, read when metrics are asked for. */
export interface RelayCounters {
  relayed: number;
  stateless: number;
  loops: number;
}

export class ProxyRelay implements Relay {
  readonly counters: RelayCounters = { relayed: 0, stateless: 0, loops: 0 };
  readonly #services: RelayServices;
  readonly #hosts: HostCache;
  readonly #twice: Seldom;
  readonly #failures: Seldom;
  /** What runs that wait had before their branches were arranged. */
  readonly #before = new WeakMap<Run, Places>();

  constructor(services: RelayServices, hosts: HostCache) {
    this.#services = services;
    this.#hosts = hosts;
    this.#twice = new Seldom(services.clock);
    this.#failures = new Seldom(services.clock);
  }

  relay(run: Run): number {
    if (run.relayed) return this.#refuseAgain(run);
    const armed = run.onBranch !== 0 || run.kind === 'failure';
    if (!armed) return this.#begin(run);
    // What a branch is made of is nobody's affair but the branch's.
    const before: Places = { uri: run.uri, destination: run.destination, path: run.path, branches: run.branches };
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
    return this.#relay(run, mayWait ? new NamesWait(this, run) : undefined);
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

  /** Once more after host names were looked up; what is still not known then is a fault. */
  again(run: Run): void {
    this.#services.transactions.budget.change(-run.message.raw.length);
    let result: number;
    try {
      result = this.#relay(run, undefined);
    } catch (error) {
      this.failed(error);
      run.reply(500, 'Server Internal Error');
      result = 0;
    }
    Object.assign(run, this.#before.get(run));
    run.resume(result);
  }

  /** Of what runs outside of a script, which would see to its own errors. */
  failed(error: unknown): void {
    if (!this.#failures.due()) return;
    this.#services.log.error('a request could not be relayed', { error: describeError(error) });
  }

  #relay(run: Run, names: NamesWait | undefined): number {
    const { message } = run;
    if (run.finalStatus !== 0) return -1;
    if (this.#isAbsorbed(run)) return 1;
    if (message.method === 'CANCEL') return this.#cancel(run);
    if (run.call?.cancelled) return -1;
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
      // The caller shall not repeat an INVITE just because a name server is slow.
      if (message.method === 'INVITE') run.reply(100, TRYING);
      this.#services.transactions.budget.change(message.raw.length);
      return run.suspend();
    }
    const fault = firstFault(targets);
    if (fault) return run.fail(fault.status, fault.reason);
    return isAck ? this.#passOn(run, targets[0] as Target, mark) : this.#fork(run, targets, mark);
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
  #targets(run: Run, further: readonly Branch[] | undefined, names: NamesWait | undefined): (Target | HopFault)[] {
    const targets: (Target | HopFault)[] = [];
    this.#addTarget(targets, run, run.destination ?? run.uri, names);
    if (further) for (const { uri, destination } of further) this.#addTarget(targets, run, destination ?? uri, names);
    return targets;
  }

  #addTarget(targets: (Target | HopFault)[], run: Run, uri: string, names: NamesWait | undefined): void {
    const target = nextHop(uri, run.source.point, this.#services.transport, this.#hosts, names);
    if (target) targets.push(target);
    else names?.opened();
  }

  #fork(run: Run, targets: readonly (Target | HopFault)[], mark: string): number {
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
      const { uri, path, made } = i === 0 ? run : run.branches![i - 1]!;
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
      this.#send(branch, call, message.method, uri, target, extra, own, mark);
    }
    call.settle(run.kind === 'request');
    return 1;
  }

  /** In a failure route it is the call that failed; with AVPs that say so, its timers are its own. */
  #callOf(run: Run, server: ServerTransaction): Call {
    if (run.call instanceof Call) return run.call;
    const { wheel, transactions } = this.#services;
    const preset = run.edition.timers;
    const timers = run.avps === undefined ? preset : timersFor(run.avps, preset);
    return new Call(run, server, { timers, wheel, budget: transactions.budget });
  }

  /** So that the requests of the dialog find back to the caller. */
  #learnContact(message: SipMessage, connection: Connection): void {
    const contact = message.viaCount === 1 ? message.contacts?.[0] : undefined;
    if (contact) this.#services.transport.names.claim(contact.uri, connection, '');
  }

  #send(
    branch: CallBranch,
    call: Call,
    method: string,
    uri: string,
    target: Target,
    extra: string,
    rest: string,
    mark: string,
  ): void {
    const name = this.#services.transactions.newBranch() + mark;
    const text = assembleRequest(method, withoutHeaders(uri), viaLine(target.point!, name), extra, rest);
    const timeoutMs = call.timers.response;
    try {
      branch.sent(this.#services.transactions.createClient({ method, branch: name, text, target, timeoutMs }, branch));
    } catch (error) {
      if (!isOverload(error)) throw error;
      branch.unsent(OVERLOADED);
    }
  }

  /** An ACK to the next hop, without a transaction. */
  #passOn(run: Run, target: Target, mark: string): number {
    const { message } = run;
    const sender = message.via;
    if (sender === undefined) return run.fail(400, 'Bad Via Header');
    run.relayed = true;
    this.counters.stateless++;
    const rest = prepareForward(message, run.edits, run.source, run.forceRport);
    const via = viaLine(target.point!, statelessBranch(sender, mark));
    const route = run.path === undefined ? '' : `Route: ${run.path}\r\n`;
    this.#services.transport.send(assembleRequest(message.method, withoutHeaders(run.uri), via, route, rest), target);
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
  run.made = first.made;
  run.branches = further.length === 0 ? undefined : further;
  return true;
}

/** A run that waits for the addresses of host names. */
class NamesWait implements HostWaiter {
  readonly #relay: ProxyRelay;
  readonly #run: Run;
  #open = 0;

  constructor(relay: ProxyRelay, run: Run) {
    this.#relay = relay;
    this.#run = run;
  }

  get sender(): string {
    return this.#run.source.address;
  }

  get isOpen(): boolean {
    return this.#open > 0;
  }

  opened(): void {
    this.#open++;
  }

  hostResolved(): void {
    if (--this.#open === 0) this.#relay.again(this.#run);
  }
}

/** What keeps the request from being sent at all; undefined: one branch at least can be sent. */
function firstFault(targets: readonly (Target | HopFault)[]): HopFault | undefined {
  for (const target of targets) if (!(target instanceof HopFault)) return undefined;
  return targets[0] as HopFault;
}

function isOverload(error: unknown): boolean {
  return error instanceof GatehouseError && error.code === 'OVERLOADED';
}

/** `services`: what of the door's services exists before the relay; `lookUp`: how host names are looked up, the system's way if absent. */
export function createRelay(services: RelayServices, lookUp?: LookUp): ProxyRelay {
  const { clock, wheel } = services;
  const hosts = new HostCache({ clock, wheel, lookUp, onError: (error) => relay.failed(error) });
  const relay: ProxyRelay = new ProxyRelay(services, hosts);
  return relay;
}
