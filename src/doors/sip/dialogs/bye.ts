/**
 * A BYE of ours to one side of a dialog, in the name of the other one: both are to hear that the call is over, and what either of them says
 * to it changes nothing any more.
 *
 * It goes the way of the route set to the remote target. Where a Contact means nothing from here (an address of a private network behind a
 * NAT, a name that leads nowhere) it goes to where the side's messages came from, over its connection if it has one.
 * Source: RFC 3261 sections 12.2.1.1 and 15.1.1; RFC 3326 for Reason.
 */
import { viaLine } from '../message/forward.ts';
import { parseNameAddr } from '../message/name-addr.ts';
import { bareHost, isSips, parseUri, uriParam, withoutHeaders } from '../message/uri.ts';
import { isPrivate } from '../modules/nathelper/private-address.ts';
import { isOverload } from '../modules/tm/call-branch.ts';
import { HopFault, type Targets, type Way } from '../modules/tm/next-hop.ts';
import { NamesWait } from '../resolve/names-wait.ts';
import type { RecordWaiter } from '../resolve/record-cache.ts';
import { OWN_REQUEST } from '../transaction/branches.ts';
import type { ClientTransaction, ClientUser, Transactions } from '../transaction/types.ts';
import { isNowhere } from '../transport/connection-names.ts';
import { hostPort } from '../transport/point.ts';
import type { Source, Target, Transport } from '../transport/types.ts';
import type { Dialog, Side } from './dialog.ts';
import type { Party } from './parties.ts';

export interface ByeParts {
  readonly transport: Transport;
  readonly transactions: Transactions;
  /** Where a URI leads, as the relay knows it. Undefined: the waiter will be told. */
  findHops(uri: string, way: Way, waiter: RecordWaiter): Targets | HopFault | undefined;
  /** A side that may not have heard it. */
  unheard(name: string, why: string): void;
}

/** For host names. */
const NAMES_MS = 3_000;

export class Bye extends NamesWait implements ClientUser {
  readonly #parts: ByeParts;
  readonly #callId: string;
  readonly #name: string;
  readonly #flow: Source;
  readonly #uri: string;
  /** The URI that it goes to first, and what stands below our Via. */
  readonly #next: string;
  readonly #rest: string;
  /** In place of where the URI leads. */
  readonly #direct: Target | undefined;

  /** `reason`: value of the header. */
  constructor(parts: ByeParts, dialog: Dialog, to: Side, reason: string) {
    const { caller, called } = dialog.parties;
    const [party, other] = to === 'caller' ? [caller, called] : [called, caller];
    super(party.flow.address, NAMES_MS);
    this.#parts = parts;
    this.#callId = dialog.callId;
    this.#name = party.name;
    this.#flow = party.flow;
    const { uri, next, routes } = wayTo(party);
    this.#uri = uri;
    this.#next = next;
    this.#direct = party.routes.length > 0 ? undefined : directTo(party);
    this.#rest =
      `Max-Forwards: 70\r\n${routes.map((route) => `Route: ${route}\r\n`).join('')}` +
      `From: ${other.name}\r\nTo: ${party.name}\r\nCall-ID: ${dialog.callId}\r\nCSeq: ${dialog.nextCSeqTo(to)} BYE\r\n` +
      `Reason: ${reason}\r\nUser-Agent: Gatehouse\r\nContent-Length: 0\r\n\r\n`;
  }

  send(): void {
    const preferred = this.#flow.point;
    const way = { secure: isSips(this.#uri), preferred, callId: this.#callId };
    const hops = this.#direct ? ([this.#direct] as const) : this.#parts.findHops(this.#next, way, this);
    if (hops === undefined || this.isOpen) return;
    if (hops instanceof HopFault) {
      this.#parts.unheard(this.#name, hops.reason);
      return;
    }
    const { transactions, transport } = this.#parts;
    const [target] = hops;
    const branch = transactions.newBranch() + OWN_REQUEST;
    const text = `BYE ${this.#uri} SIP/2.0\r\n${viaLine(target.point ?? preferred, branch)}${this.#rest}`;
    try {
      transactions.createClient({ method: 'BYE', branch, text, target }, this);
    } catch (error) {
      if (!isOverload(error)) throw error;
      // Nobody repeats it, but it is said.
      transport.send(text, target);
    }
  }

  protected answered(): void {
    this.send();
  }

  onResponse(_client: ClientTransaction, { status, reason }: { status: number; reason: string }): void {
    if (status >= 300 && status !== 481) this.#parts.unheard(this.#name, `${status} ${reason}`);
  }

  onTimeout(): void {
    this.#parts.unheard(this.#name, 'no answer');
  }

  onTransportError(_client: ClientTransaction, code: string): void {
    this.#parts.unheard(this.#name, code);
  }
}

/** A first hop that is a strict router finds its own name in the Request-URI, and the remote target behind the Routes. */
function wayTo({ target, routes, flow }: Party): { uri: string; next: string; routes: readonly string[] } {
  const uri = target === '' ? `sip:${hostPort(flow.address, flow.port)}` : withoutHeaders(target);
  const first = routes[0] === undefined ? undefined : parseNameAddr(routes[0])?.uri;
  if (first === undefined) return { uri, next: uri, routes };
  const parsed = parseUri(first);
  if (parsed === undefined || uriParam(parsed, 'lr') !== undefined) return { uri, next: first, routes };
  return { uri: withoutHeaders(first), next: first, routes: [...routes.slice(1), `<${uri}>`] };
}

function directTo({ target, flow }: Party): Target | undefined {
  const { point, address, port, connection } = flow;
  const host = bareHost(parseUri(target)?.host ?? address);
  const isHidden = host !== address && (isPrivate(host) || isNowhere(host));
  const leads = point.protocol === 'udp' ? isHidden : connection?.open && (isHidden || host === address);
  return leads ? { protocol: point.protocol, address, port, point, connection } : undefined;
}
