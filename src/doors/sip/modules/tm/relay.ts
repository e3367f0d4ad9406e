/**
 * The stateful proxy (RFC 3261 section 16): makes the branches of a request and hands what they answer to its Call.
 *
 * ACKs, and CANCELs whose INVITE is not known here, pass without a transaction. Within one message nothing waits, so the order
 * in which messages came is the order in which they leave; only a host name that must be looked up suspends the run. A response that
 * belongs to no client transaction is dropped (RFC 6026 section 7.2), except one to a CANCEL that we passed on ourselves.
 */

import { isIP } from 'node:net';
import { GatehouseError } from '../../../../platform/errors.ts';
import { assembleRequest, buildForwardedResponse, prepareForward, secondVia, viaLine } from '../../message/forward.ts';
import type { SipMessage } from '../../message/message.ts';
import { bareHost, withoutHeaders } from '../../message/uri.ts';
import type { Branch, Run } from '../../run.ts';
import type { Relay, RelayTimers, Services } from '../../services.ts';
import type { ServerTransaction } from '../../transaction/types.ts';
import type { ListenPoint, Target } from '../../transport/types.ts';
import { Call } from './call.ts';
import { HostCache, type HostWaiter, type LookUp } from './host-cache.ts';
import { isLoop, isOurStateless, loopMark, statelessBranch } from './loop.ts';
import { HopFault, nextHop, OVERLOADED } from './next-hop.ts';

/** SER's limit, the Request-URI included. */
const BRANCHES = 12;
const TRYING = 'trying -- your call is important to us';

export type RelayServices = Pick<Services, 'transport' | 'transactions' | 'wheel' | 'clock' | 'derive'>;

/** Plain numbers, read when metrics are asked for. */
export interface RelayCounters {
  relayed: number;
  stateless: number;
  loops: number;
  straysDropped: number;
  straysForwarded: number;
}

export class ProxyRelay implements Relay {
  readonly counters: RelayCounters = { relayed: 0, stateless: 0, loops: 0, straysDropped: 0, straysForwarded: 0 };
  readonly #services: RelayServices;
  readonly #hosts: HostCache;
  readonly #key: number;
  #timers: RelayTimers = { response: 30_000, invite: 120_000, restart: true };

  constructor(services: RelayServices, hosts: HostCache) {
    this.#services = services;
    this.#hosts = hosts;
    this.#key = services.derive('sip stateless branch').readUInt32BE(0);
  }

  configure(timers: RelayTimers): void {
    this.#timers = timers;
  }

  relay(run: Run): number {
    return this.#relay(run, new NamesWait(this, run));
  }

  strayResponse(response: SipMessage, point: ListenPoint): void {
    const { via } = response;
    const next = secondVia(response);
    const host = next && (next.received ?? bareHost(next.host));
    if (!via || !next || !host || isIP(host) === 0 || !isOurStateless(via, next, this.#key)) {
      this.counters.straysDropped++;
      return;
    }
    this.counters.straysForwarded++;
    const protocol = next.protocol === 'UDP' ? 'udp' : 'tcp';
    const port = next.rport || next.port || 5060;
    const from = point.protocol === protocol ? point : undefined;
    const target: Target = { protocol, address: host, port, point: from, connection: undefined };
    this.#services.transport.send(buildForwardedResponse(response), target);
  }

  /** Once more after host names were looked up; what is still not known then is a fault. */
  again(run: Run): void {
    run.resume(this.#relay(run, undefined));
  }

  #relay(run: Run, names: NamesWait | undefined): number {
    const { message } = run;
    if (run.finalStatus !== 0) return -1;
    if (message.method === 'CANCEL' && this.#cancel(run)) return 1;
    if (run.cancelled && message.method === 'INVITE') return this.#answer(run, 487, 'Request Terminated');
    const mark = loopMark(message, run.source.address);
    if (isLoop(message, mark, this.#services.transport.points)) {
      this.counters.loops++;
      return run.fail(482, 'Loop Detected');
    }
    const stateless = message.method === 'ACK' || message.method === 'CANCEL';
    const further = stateless ? undefined : run.branches;
    if (further && further.length >= BRANCHES) return run.fail(500, 'Forking capacity exceeded');
    const targets = this.#targets(run, further, names);
    if (names?.isOpen) {
      // The caller shall not repeat an INVITE just because a name server is slow.
      if (message.method === 'INVITE') run.reply(100, TRYING);
      return run.suspend();
    }
    const fault = firstFault(targets);
    if (fault) return run.fail(fault.status, fault.reason);
    return stateless ? this.#passOn(run, targets[0] as Target, mark) : this.#fork(run, targets, mark);
  }

  /** True: the CANCEL is for an INVITE that is known here, and is done with (RFC 3261 section 16.10). */
  #cancel(run: Run): boolean {
    const invite = this.#services.transactions.findCancelled(run.message);
    if (invite === undefined) return false;
    this.#answer(run, 200, 'OK');
    invite.user?.onCancel(invite);
    return true;
  }

  #answer(run: Run, status: number, reason: string): number {
    if (this.#serverOf(run) === undefined) return run.fail(OVERLOADED.status, OVERLOADED.reason);
    run.reply(status, reason);
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
    const server = this.#serverOf(run);
    if (server === undefined) return run.fail(OVERLOADED.status, OVERLOADED.reason);
    this.counters.relayed++;
    const call = new Call(run, server, this.#timers, this.#services.wheel);
    if (call.isInvite) run.reply(100, TRYING);
    const rest = prepareForward(run.message, run.edits, run.source, run.forceRport);
    this.#send(call, run.message.method, run.uri, run.path, targets[0]!, rest, mark);
    for (let i = 1; i < targets.length; i++) {
      const { uri, path } = run.branches![i - 1]!;
      this.#send(call, run.message.method, uri, path, targets[i]!, rest, mark);
    }
    call.settle();
    return 1;
  }

  #send(
    call: Call,
    method: string,
    uri: string,
    path: string | undefined,
    target: Target | HopFault,
    rest: string,
    mark: string,
  ): void {
    const branch = call.add();
    if (target instanceof HopFault) {
      branch.unsent(target);
      return;
    }
    const name = this.#services.transactions.newBranch() + mark;
    const route = path === undefined ? '' : `Route: ${path}\r\n`;
    const text = assembleRequest(method, withoutHeaders(uri), viaLine(target.point!, name), route, rest);
    const timeoutMs = this.#timers.response;
    try {
      branch.sent(this.#services.transactions.createClient({ method, branch: name, text, target, timeoutMs }, branch));
    } catch (error) {
      if (!isOverload(error)) throw error;
      branch.unsent(OVERLOADED);
    }
  }

  /** To the next hop without a transaction: an ACK, or a CANCEL of an INVITE that is not known here. */
  #passOn(run: Run, target: Target, mark: string): number {
    const { message } = run;
    const sender = message.via;
    if (sender === undefined) return run.fail(400, 'Bad Via Header');
    this.counters.stateless++;
    const rest = prepareForward(message, run.edits, run.source, run.forceRport);
    const via = viaLine(target.point!, statelessBranch(sender, this.#key, mark));
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

/** A run that waits for the addresses of host names. */
class NamesWait implements HostWaiter {
  readonly #relay: ProxyRelay;
  readonly #run: Run;
  #open = 0;

  constructor(relay: ProxyRelay, run: Run) {
    this.#relay = relay;
    this.#run = run;
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
  return new ProxyRelay(services, new HostCache(services.clock, lookUp));
}
