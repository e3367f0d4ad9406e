/**
 * One branch of a call: its request on the way to one server after the other, each in a client transaction of its own.
 *
 * The transaction's own timer is fr_timer. An INVITE also has fr_inv_timer, the timer C of RFC 3261 section 16.8: it runs from the first
 * sending, since a 100 says nothing here, and anew from each provisional response.
 *
 * A server that cannot be reached, says nothing in its time or answers 503 leaves the request to the next one, with a new Via branch (RFC
 * 3263 section 4.3). All together have fr_timer: each has an equal share of it, to an INVITE at most 4 seconds, as a server that
 * lives says 100 at once; the last has what is left. UDP in place of a TCP that was refused (RFC 3261 section 18.1.1) is tried only then,
 * since a server that may have the request must not get it twice.
 */
import { GatehouseError } from '../../../../platform/errors.ts';
import { Timer, type TimerOwner, type TimerWheel } from '../../../../platform/timer-wheel.ts';
import type { Edits } from '../../message/edits.ts';
import { assembleRequest, viaLine } from '../../message/forward.ts';
import type { SipMessage } from '../../message/message.ts';
import { isSips, withoutHeaders } from '../../message/uri.ts';
import type { DeadTargets } from '../../resolve/dead-targets.ts';
import type { RecordRoute, RelayTimers } from '../../run.ts';
import type { ClientTransaction, ClientUser, Transactions } from '../../transaction/types.ts';
import { type Advertised, advertisedAs } from '../../transport/point.ts';
import type { ListenPoint, Target } from '../../transport/types.ts';
import { type HopFault, OVERLOADED, type Targets, UNREACHABLE } from './next-hop.ts';

/** How long an INVITE waits for the first sign of life of a server that is not the last. */
const SIGN_OF_LIFE_MS = 4000;

/** Bytes; and what goes below our Via, and is never so much with Via and Record-Routes. */
const LARGEST_DATAGRAM = 1300;
const NEVER_LARGE = 700;

/** A request as far as it does not depend on where it goes. */
export interface BranchRequest {
  readonly method: string;
  readonly uri: string;
  /** Lines below our Via. */
  readonly extra: string;
  /** What prepareForward gave. */
  readonly rest: string;
  readonly recordRoute: RecordRoute | undefined;
  /** The socket it came in on. */
  readonly inside: ListenPoint;
  /** Ends each of its Via branches. */
  readonly mark: string;
  /** What the Via names in place of the socket. */
  readonly advertised: Advertised | undefined;
  /** The Via asks for rport. */
  readonly rport: boolean;
}

export function writeRequest(request: BranchRequest, point: ListenPoint, branch: string): string {
  const { method, uri, recordRoute, rest, advertised } = request;
  const outside = advertised === undefined ? point : advertisedAs(point, advertised);
  const inside = request.inside === point ? outside : request.inside;
  const extra = recordRoute ? recordRoute.lines(inside, outside, isSips(uri)) + request.extra : request.extra;
  return assembleRequest(method, withoutHeaders(uri), viaLine(outside, branch, request.rport), extra, rest);
}

/** Too large for UDP, which it would go by (RFC 3261 section 18.1.1). */
export function isLargeFor({ protocol, point }: Target, request: BranchRequest, transactions: Transactions): boolean {
  const { uri, extra, rest, mark } = request;
  if (protocol !== 'udp' || uri.length + extra.length + rest.length < NEVER_LARGE) return false;
  return writeRequest(request, point!, transactions.newBranch() + mark).length > LARGEST_DATAGRAM;
}

/** The call that a branch belongs to. */
export interface BranchOwner {
  readonly timers: RelayTimers;
  readonly wheel: TimerWheel;
  readonly transactions: Transactions;
  readonly dead: DeadTargets;
  readonly isInvite: boolean;
  /** Undefined: nothing was changed; null: it goes no further. */
  onReply(branch: CallBranch, response: SipMessage, client: ClientTransaction): Edits | null | undefined;
  provisional(response: SipMessage, edits: Edits | undefined): void;
  /** `target`: from where. */
  success(response: SipMessage, edits: Edits | undefined, target: Target): void;
  /** What shall be kept of a final response until the best is chosen. */
  kept(response: SipMessage): SipMessage | undefined;
  /** The branch has ended without a 2xx. */
  ended(branch: CallBranch): void;
  /** A server has failed, and the next one gets the request. */
  failedOver(): void;
}

export class CallBranch implements ClientUser, TimerOwner {
  readonly #call: BranchOwner;
  #timer: Timer | undefined;
  #client: ClientTransaction | undefined;
  #ringing = false;
  #cancelled = false;
  #targets: readonly Target[] = [];
  /** Those tried. */
  #tried = 0;
  /** Kept while another server is left. */
  #request: BranchRequest | undefined;

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

  constructor(call: BranchOwner, uri: string, onReply: number) {
    this.#call = call;
    this.uri = uri;
    this.onReply = onReply;
  }

  send(request: BranchRequest, targets: Targets): void {
    this.#targets = targets;
    this.#try(request);
    if (this.status !== 0 || !this.#call.isInvite) return;
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
    this.#keep(undefined);
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
    if (this.#targets.length > 1) this.#call.dead.remove(client.target);
    // A server that was given up gets a CANCEL when it rings after all; of what it says only a 2xx counts.
    const isLate = client !== this.#client || this.status !== 0;
    if (isLate && (status < 200 || status >= 300)) return;
    const seen = this.#call.onReply(this, response, client);
    const edits = seen ?? undefined;
    if (status < 200) {
      this.#restart();
      if (seen !== null) this.#call.provisional(response, edits);
    } else if (status < 300) {
      this.#stop();
      if (this.status === 0) {
        if (isLate) this.#client?.cancel();
        this.#set(status, '');
      }
      this.#call.success(response, edits, client.target);
    } else if (!(status === 503 && this.#refused(client, response))) {
      this.#stop();
      this.response = this.#call.kept(response);
      this.edits = edits;
      this.status = status;
      this.#call.ended(this);
    }
  }

  onTimeout(client: ClientTransaction): void {
    if (client !== this.#client) return;
    if (this.status === 0 && client.status === 0 && this.#died(client, true)) return;
    this.#end();
  }

  onTransportError(client: ClientTransaction): void {
    if (this.status !== 0 || this.#died(client, false)) return;
    this.#stop();
    this.unsent(UNREACHABLE);
    this.#call.ended(this);
  }

  onTimer(): void {
    this.#client?.cancel();
    this.#end();
  }

  /** True: the next server has the request. `reached`: this one may have it too, although it says nothing. */
  #died({ target }: ClientTransaction, reached: boolean): boolean {
    if (this.#targets.length > 1) this.#call.dead.add(target);
    return this.#failOver(reached);
  }

  /** One that says for how long it wants no requests has none until then (RFC 3261 section 21.5.4). True: the next server has this one. */
  #refused({ target }: ClientTransaction, response: SipMessage): boolean {
    const seconds = Number.parseInt(response.valueNamed('Retry-After') ?? '', 10);
    if (this.#targets.length > 1 && seconds > 0) this.#call.dead.add(target, seconds * 1000);
    return this.#failOver(true);
  }

  #failOver(reached: boolean): boolean {
    const request = this.#request;
    if (reached) while (this.#targets[this.#tried]?.fallback) this.#tried++;
    if (request === undefined || this.#tried >= this.#targets.length) return false;
    this.#call.failedOver();
    this.#try(request);
    if (this.status === 0) return true;
    this.#stop();
    this.#call.ended(this);
    return true;
  }

  #try(request: BranchRequest): void {
    const { transactions } = this.#call;
    const timeoutMs = this.#patience();
    const target = this.#targets[this.#tried++]!;
    this.#keep(this.#tried < this.#targets.length ? request : undefined);
    const branch = transactions.newBranch() + request.mark;
    const text = writeRequest(request, target.point!, branch);
    try {
      this.#client = transactions.createClient({ method: request.method, branch, text, target, timeoutMs }, this);
    } catch (error) {
      if (!isOverload(error)) throw error;
      this.#keep(undefined);
      this.unsent(OVERLOADED);
    }
  }

  /** For the next server. Another way to the same one has no time of its own. */
  #patience(): number {
    const { timers, isInvite } = this.#call;
    if (this.#targets.length === 1) return timers.response;
    let others = -1;
    let later = 0;
    for (let at = 0; at < this.#targets.length; at++) {
      if (this.#targets[at]!.fallback) continue;
      others++;
      if (at > this.#tried) later++;
    }
    const share = timers.response / (others + 1);
    const each = isInvite ? Math.min(share, SIGN_OF_LIFE_MS) : share;
    return later > 0 ? each : timers.response - others * each;
  }

  #keep(request: BranchRequest | undefined): void {
    const { budget } = this.#call.transactions;
    budget.change((request?.rest.length ?? 0) - (this.#request?.rest.length ?? 0));
    this.#request = request;
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

  /** The branch has its answer. */
  #stop(): void {
    if (this.#request) this.#keep(undefined);
    if (this.#timer) this.#call.wheel.stop(this.#timer);
    this.#timer = undefined;
  }

  #set(status: number, reason: string): void {
    this.status = status;
    this.replyStatus = status;
    this.reason = reason;
  }
}

export function isOverload(error: unknown): boolean {
  return error instanceof GatehouseError && error.code === 'OVERLOADED';
}
