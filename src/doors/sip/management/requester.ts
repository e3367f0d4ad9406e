/**
 * Sends requests of our own through the transaction layer and waits for their final responses.
 *
 * Bounds: 100 at once; an INVITE that rings is cancelled after two minutes, anything else ends by timer F.
 */
import type { TimerWheel } from '../../../platform/timer-wheel.ts';
import { Timer } from '../../../platform/timer-wheel.ts';
import { Header } from '../message/header-names.ts';
import type { SipMessage } from '../message/message.ts';
import { parseNameAddr } from '../message/name-addr.ts';
import { HopFault, type Targets, type Way } from '../modules/tm/next-hop.ts';
import type { RecordWaiter } from '../resolve/record-cache.ts';
import { OWN_REQUEST } from '../transaction/branches.ts';
import type { ClientTransaction, ClientUser, Transactions } from '../transaction/types.ts';
import type { ListenPoint, Target, Transport } from '../transport/types.ts';
import {
  ackTo,
  ownRequest,
  type RequestParts,
  RequestRefused,
  remoteTarget,
  routeSet,
  withVia,
} from './own-request.ts';

/** `response` undefined: none came, and status and reason are ours. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly response: SipMessage | undefined;
}

/** Where a URI leads, as the relay knows it. Undefined: the waiter will be told. */
export type FindHops = (uri: string, way: Way, waiter: RecordWaiter | undefined) => Targets | HopFault | undefined;

export interface RequesterParts {
  readonly transport: Transport;
  readonly transactions: Transactions;
  readonly wheel: TimerWheel;
  readonly findHops: FindHops;
}

const AT_ONCE = 100;
const RINGING_MS = 120_000;
/** For host names. */
const NAMES_MS = 3_000;

export class Requester {
  /** Requests sent so far. */
  sent = 0;
  readonly #parts: RequesterParts;
  /** By Call-ID and CSeq number. */
  readonly #pending = new Map<string, ClientTransaction | undefined>();

  constructor(parts: RequesterParts) {
    this.#parts = parts;
  }

  /**
   * `onMore`: a 2xx to an INVITE that somebody else than the first one to answer sends; it has its ACK and wants a BYE.
   * Errors: RequestRefused.
   */
  async send(parts: RequestParts, onMore?: (response: SipMessage) => void): Promise<Answer> {
    const { transport, transactions } = this.#parts;
    const preferred = parts.socket === undefined ? transport.points[0] : this.#point(parts.socket);
    if (preferred === undefined) throw new RequestRefused('there is no such socket');
    const request = ownRequest(parts, preferred.hostPort);
    const key = keyOf(request.callId, request.cseq!.number);
    if (this.#pending.has(key)) throw new RequestRefused('the same Call-ID and CSeq are under way');
    if (this.#pending.size >= AT_ONCE) throw new RequestRefused('too many requests at once', 503);
    this.#pending.set(key, undefined);
    try {
      const target = await this.#target(parts.nextHop ?? firstRoute(request) ?? parts.uri, {
        secure: /^sips:/i.test(parts.uri),
        preferred,
        callId: request.callId,
      });
      const branch = transactions.newBranch() + OWN_REQUEST;
      const text = withVia(request, target.point ?? preferred, branch);
      this.sent++;
      return await new Promise<Answer>((resolve) => {
        const user = new Waiting(
          this.#parts,
          request,
          { ...target, point: target.point ?? preferred },
          resolve,
          onMore,
        );
        const client = transactions.createClient({ method: request.method, branch, text, target }, user);
        this.#pending.set(key, client);
        user.rings(client);
      });
    } finally {
      this.#pending.delete(key);
    }
  }

  /** False: no INVITE of ours has these. */
  cancel(callId: string, cseq: number): boolean {
    const client = this.#pending.get(keyOf(callId, cseq));
    if (client?.method !== 'INVITE') return false;
    client.cancel();
    return true;
  }

  /** Where a request to this URI goes first; the same for the same Call-ID. Errors: RequestRefused. */
  hop(uri: string, callId: string): Promise<Target> {
    const [preferred] = this.#parts.transport.points;
    if (preferred === undefined) throw new RequestRefused('there is no socket');
    return this.#target(uri, { secure: /^sips:/i.test(uri), preferred, callId });
  }

  #point(name: string): ListenPoint | undefined {
    return this.#parts.transport.points.find((point) => point.name === name);
  }

  async #target(uri: string, way: Way): Promise<Target> {
    const waiter = new NamesWait(way.preferred.address);
    for (;;) {
      const hops = this.#parts.findHops(uri, way, waiter);
      if (hops instanceof HopFault) throw new RequestRefused(hops.reason, hops.status);
      if (hops) return hops[0];
      await waiter.answered();
    }
  }
}

/** Waits until the questions about host names are answered. */
class NamesWait implements RecordWaiter {
  readonly sender: string;
  #until = 0;
  #open = 0;
  #told = () => {};

  constructor(sender: string) {
    this.sender = sender;
  }

  until(now: number): number {
    this.#until ||= now + NAMES_MS;
    return this.#until;
  }

  opened(): void {
    this.#open++;
  }

  resolved(): void {
    if (--this.#open === 0) this.#told();
  }

  answered(): Promise<void> {
    return new Promise((resolve) => {
      this.#told = resolve;
    });
  }
}

/** Where a request went, and by which socket. */
type SentTo = Target & { readonly point: ListenPoint };

/** One request under way. */
class Waiting implements ClientUser {
  readonly #parts: RequesterParts;
  readonly #request: SipMessage;
  readonly #target: SentTo;
  readonly #resolve: (answer: Answer) => void;
  readonly #onMore: ((response: SipMessage) => void) | undefined;
  /** To-tag of the 2xx that was the answer. */
  #answered: string | undefined;
  #ringing: Timer | undefined;

  constructor(
    parts: RequesterParts,
    request: SipMessage,
    target: SentTo,
    resolve: (answer: Answer) => void,
    onMore: ((response: SipMessage) => void) | undefined,
  ) {
    this.#onMore = onMore;
    this.#parts = parts;
    this.#request = request;
    this.#target = target;
    this.#resolve = resolve;
  }

  /** Timer B ends with the first provisional response. */
  rings(client: ClientTransaction): void {
    if (client.method !== 'INVITE') return;
    this.#ringing = new Timer({ onTimer: () => this.#givesUp(client) });
    this.#parts.wheel.start(this.#ringing, RINGING_MS);
  }

  #givesUp(client: ClientTransaction): void {
    client.cancel();
    this.#end({ status: 408, reason: 'Request Timeout', response: undefined });
  }

  onResponse(_client: ClientTransaction, response: SipMessage): void {
    const { status, reason } = response;
    if (status < 200) return;
    // Each repetition of a 2xx to an INVITE comes here, and wants its ACK.
    if (this.#request.method === 'INVITE' && status < 300) {
      void this.#acknowledge(response);
      if (this.#answered === undefined) this.#answered = response.toTag;
      else if (this.#answered !== response.toTag) this.#onMore?.(response);
    }
    this.#end({ status, reason, response });
  }

  onTimeout(): void {
    this.#end({ status: 408, reason: 'Request Timeout', response: undefined });
  }

  onTransportError(_client: ClientTransaction, code: string): void {
    this.#end({
      status: 477,
      reason: `Unfortunately error on sending to next hop occurred (${code})`,
      response: undefined,
    });
  }

  #acknowledge(response: SipMessage): void {
    const { findHops, transport, transactions } = this.#parts;
    const { connection, point } = this.#target;
    const contact = remoteTarget(response);
    const route = /<([^>]*)>/.exec(routeSet(response))?.[1];
    // What a browser calls itself in this call leads to it, too.
    if (connection && contact && route === undefined) transport.names.claim(contact, connection, '');
    const uri = route ?? contact ?? this.#request.uri;
    const way = { secure: /^sips:/i.test(uri), preferred: point, callId: this.#request.callId };
    // A host name that is not known yet: the next repetition of the 2xx finds it.
    const hops = findHops(uri, way, new NamesWait(point.address));
    if (hops === undefined || hops instanceof HopFault) return;
    const [target] = hops;
    transport.send(ackTo(this.#request, response, target.point ?? point, transactions.newBranch()), target);
  }

  #end(answer: Answer): void {
    if (this.#ringing) this.#parts.wheel.stop(this.#ringing);
    this.#resolve(answer);
  }
}

function keyOf(callId: string, cseq: number): string {
  return `${callId}\n${cseq}`;
}

/** The next hop of a request within a dialog: a strict router would want another Request-URI, which is for the caller to write. */
function firstRoute(request: SipMessage): string | undefined {
  const at = request.indexOf(Header.route);
  if (at < 0) return undefined;
  return parseNameAddr(request.text, request.valueStart(at), request.valueEnd(at))?.uri;
}
