/**
 * `record_route` and its kin: our URI in a Record-Route on top of the request, so that the dialog's later requests come by again.
 *
 *     Record-Route: <sip:[user@]IP:PORT[;transport=tcp][;r2=on][;ftag=TAG][;gm=MARK][;parameters];lr>
 *
 * Two of them, one naming each side, when the request is known to leave by another socket than it came in on. At the place of
 * the call that is known only where the next hop's URI is there already and is not ours: its transport parameter, and the
 * address family where its host is an address. A request for one of our own users gets one header, as its contact is looked
 * up later; that one names the socket the request came in on.
 *
 * Results: 1, or -1 when the request has our Record-Route already. Source: RFC 3261 sections 16.6 (4) and 20.30, RFC 5658 for
 * the two headers; forms as SER's and OpenSER's rr.
 */
import { isIPv4 } from 'node:net';
import { consistsOf, TOKEN, word } from '../../message/chars.ts';
import { bareHost, parseUri, uriParam } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import type { LocalNames } from '../../services.ts';
import { transportParameter } from '../../transport/point.ts';
import type { ListenPoint, Transport } from '../../transport/types.ts';
import type { DialogMark } from './dialog-mark.ts';

export interface RecordRouteOptions {
  readonly fullLr: boolean;
  readonly fromTag: boolean;
  readonly doubleRr: boolean;
  readonly userName: boolean;
  /** Present: the dialog's mark goes in. */
  readonly mark: DialogMark | undefined;
}

const NAME = 'Record-Route: ';
const TRANSPORT = word('transport');

export class RecordRouting {
  readonly #options: RecordRouteOptions;
  readonly #local: LocalNames;
  readonly #transport: Transport;
  readonly #end: string;
  /** From add_rr_param calls that came before record_route. */
  readonly #parameters = new WeakMap<Run, string>();

  constructor(options: RecordRouteOptions, local: LocalNames, transport: Transport) {
    this.#options = options;
    this.#local = local;
    this.#transport = transport;
    this.#end = options.fullLr ? ';lr=on>\r\n' : ';lr>\r\n';
  }

  /** `parameters`: more URI parameters, `;name=value`, or ''. */
  insert(run: Run, parameters: string): number {
    if (hasOurs(run)) return -1;
    const inside = run.source.point;
    const outside = this.#options.doubleRr ? this.#otherSide(run) : undefined;
    const tail = this.#tail(run, parameters);
    const user = this.#user(run);
    let lines = line(user, inside, outside ? `;r2=on${tail}` : tail);
    if (outside) lines = line(user, outside, `;r2=on${tail}`) + lines;
    run.edits.top = lines + run.edits.top;
    return 1;
  }

  /** Names `hostPort` instead of a socket of ours. */
  insertPreset(run: Run, hostPort: string): number {
    if (hasOurs(run)) return -1;
    run.edits.top = `${NAME}<sip:${this.#user(run)}${hostPort}${this.#tail(run, '')}${run.edits.top}`;
    return 1;
  }

  /** Adds URI parameters to the Record-Route that is there, else to the one to come. */
  addParameters(run: Run, parameters: string): number {
    if (hasOurs(run)) {
      const lines = run.edits.top.split('\r\n');
      const bare = this.#end.slice(0, -2);
      const added = lines.map((l) => (l.startsWith(NAME) ? l.slice(0, -bare.length) + parameters + bare : l));
      run.edits.top = added.join('\r\n');
    } else this.#parameters.set(run, (this.#parameters.get(run) ?? '') + parameters);
    return 1;
  }

  #tail(run: Run, parameters: string): string {
    const tag = this.#options.fromTag ? run.message.fromTag : '';
    const ftag = tag !== '' && isPlain(tag) ? `;ftag=${tag}` : '';
    const mark = this.#options.mark?.parameter(run.message) ?? '';
    return ftag + mark + (this.#parameters.get(run) ?? '') + parameters + this.#end;
  }

  #user(run: Run): string {
    if (!this.#options.userName) return '';
    const user = parseUri(run.uri)?.user ?? '';
    return user === '' ? '' : `${user}@`;
  }

  #otherSide(run: Run): ListenPoint | undefined {
    if (this.#transport.points.length < 2) return undefined;
    const next = parseUri(run.destination ?? run.uri);
    if (next === undefined || next.host === '' || this.#local.isMyself(next.host, next.port)) return undefined;
    const protocol = (uriParam(next, TRANSPORT) ?? (next.scheme === 'sips' ? 'tls' : 'udp')).toLowerCase();
    if (protocol !== 'udp' && protocol !== 'tcp' && protocol !== 'tls') return undefined;
    const { point, address } = run.source;
    const isAddress = next.host.startsWith('[') || isIPv4(next.host);
    const outside = this.#transport.pointFor(protocol, isAddress ? bareHost(next.host) : address, point);
    return outside === point ? undefined : outside;
  }
}

function line(user: string, point: ListenPoint, tail: string): string {
  return `${NAME}<sip:${user}${point.hostPort}${transportParameter(point)}${tail}`;
}

function hasOurs(run: Run): boolean {
  return run.edits.top.includes(NAME);
}

/** A tag that cannot break out of the URI it is put into. */
function isPlain(tag: string): boolean {
  return consistsOf(tag, TOKEN);
}
