/**
 * `record_route`: what our Record-Route shall say. The lines themselves are written when the way out is known, for each place that the
 * request is sent to.
 *
 *     Record-Route: <sip:[user@]IP:PORT[;transport=tcp][;r2=on][;ftag=TAG][;gm=MARK][;parameters];lr>
 *
 * Two of them, one naming each side, the way out on top, where the request leaves by another socket than it came in on. With a
 * Request-URI of sips those that name a socket of TLS are of sips, too.
 *
 * Results: 1, or -1 when the request has our Record-Route already. Source: RFC 3261 sections 16.6 (4) and 20.30, RFC 5658 for
 * the two headers; forms as SER's and OpenSER's rr.
 */
import { consistsOf, TOKEN } from '../../message/chars.ts';
import { parseUri } from '../../message/uri.ts';
import type { RecordRoute, Run } from '../../run.ts';
import { transportParameter } from '../../transport/point.ts';
import type { ListenPoint } from '../../transport/types.ts';
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

export class RecordRouting {
  readonly #options: RecordRouteOptions;
  readonly #end: string;

  constructor(options: RecordRouteOptions) {
    this.#options = options;
    this.#end = options.fullLr ? ';lr=on>\r\n' : ';lr>\r\n';
  }

  /** `parameters`: more URI parameters, `;name=value`, or ''. */
  insert(run: Run, parameters: string): number {
    const before = wishOf(run);
    if (before?.wanted) return -1;
    const tail = this.#marks(run) + (before?.parameters ?? '') + parameters;
    run.recordRoute = new Sockets(this.#user(run), tail, this.#end, this.#options.doubleRr);
    return 1;
  }

  /** Names `hostPort` instead of a socket of ours. */
  insertPreset(run: Run, hostPort: string): number {
    const before = wishOf(run);
    if (before?.wanted) return -1;
    const tail = this.#marks(run) + (before?.parameters ?? '');
    run.recordRoute = new Preset(this.#user(run) + hostPort, tail, this.#end);
    return 1;
  }

  /** Adds URI parameters to the Record-Route that is there, else to the one to come. */
  addParameters(run: Run, parameters: string): number {
    run.recordRoute = wishOf(run)?.with(parameters) ?? new Parameters(parameters);
    return 1;
  }

  #marks(run: Run): string {
    const tag = this.#options.fromTag ? run.message.fromTag : '';
    const ftag = tag !== '' && isPlain(tag) ? `;ftag=${tag}` : '';
    return ftag + (this.#options.mark?.parameter(run.message) ?? '');
  }

  #user(run: Run): string {
    if (!this.#options.userName) return '';
    const user = parseUri(run.uri)?.user ?? '';
    return user === '' ? '' : `${user}@`;
  }
}

/** It never changes, so that the branches of a request may share it until one of them wants another. */
interface Wish extends RecordRoute {
  readonly wanted: boolean;
  readonly parameters: string;
  with(parameters: string): Wish;
}

/** What add_rr_param has said before record_route. */
class Parameters implements Wish {
  readonly wanted = false;
  readonly parameters: string;

  constructor(parameters: string) {
    this.parameters = parameters;
  }

  with(parameters: string): Wish {
    return new Parameters(this.parameters + parameters);
  }

  lines(): string {
    return '';
  }
}

class Sockets implements Wish {
  readonly wanted = true;
  readonly parameters: string;
  readonly #user: string;
  readonly #end: string;
  readonly #doubleRr: boolean;

  constructor(user: string, parameters: string, end: string, doubleRr: boolean) {
    this.#user = user;
    this.parameters = parameters;
    this.#end = end;
    this.#doubleRr = doubleRr;
  }

  with(parameters: string): Wish {
    return new Sockets(this.#user, this.parameters + parameters, this.#end, this.#doubleRr);
  }

  lines(inside: ListenPoint, outside: ListenPoint, secure: boolean): string {
    if (!this.#doubleRr || inside === outside) return this.#line(inside, secure, '');
    return this.#line(outside, secure, ';r2=on') + this.#line(inside, secure, ';r2=on');
  }

  #line(point: ListenPoint, secure: boolean, r2: string): string {
    const scheme = secure && (point.protocol === 'tls' || point.protocol === 'wss') ? 'sips' : 'sip';
    return `${NAME}<${scheme}:${this.#user}${point.hostPort}${transportParameter(point)}${r2}${this.parameters}${this.#end}`;
  }
}

class Preset implements Wish {
  readonly wanted = true;
  readonly parameters: string;
  readonly #place: string;
  readonly #end: string;

  constructor(place: string, parameters: string, end: string) {
    this.#place = place;
    this.parameters = parameters;
    this.#end = end;
  }

  with(parameters: string): Wish {
    return new Preset(this.#place, this.parameters + parameters, this.#end);
  }

  lines(): string {
    return `${NAME}<sip:${this.#place}${this.parameters}${this.#end}`;
  }
}

function wishOf(run: Run): Wish | undefined {
  return run.recordRoute as Wish | undefined;
}

/** A tag that cannot break out of the URI it is put into. */
function isPlain(tag: string): boolean {
  return consistsOf(tag, TOKEN);
}
