/**
 * `loose_route`: follows the Route headers of a request, with predecessors and successors that are loose or strict routers.
 *
 * Which way: a To without tag makes the Routes preloaded, and they are taken as loose. In a dialog, a Request-URI that is ours
 * means that the hop before was a strict router, which has moved our Record-Route URI there. Anything else is loose.
 * Results: 1 the Routes decide where the request goes; -1 there are none, they end here, or one is broken.
 *
 * With `preloaded_route` challenge only a request of a dialog that we let begin gives 1: its own Route of ours carries the
 * dialog's mark. A first request, and one that merely claims a dialog by a To tag, is routed all the same, but the result is
 * -1, so that the script goes on to its authentication.
 *
 * Source: RFC 3261 sections 16.4 and 16.12; results and order as SER's and OpenSER's rr.
 */
import { word } from '../../message/chars.ts';
import { Header } from '../../message/header-names.ts';
import { parseUri, type SipUri, uriParam } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import type { LocalNames } from '../../services.ts';
import { pointNamed } from '../../transport/point.ts';
import type { Transport } from '../../transport/types.ts';
import type { DialogMark } from './dialog-mark.ts';
import { keepRoutes, type Route, readRoutes } from './route-set.ts';
import type { RoutedParameters } from './routed-parameters.ts';

const LR = word('lr');
const R2 = word('r2');
const TRANSPORT = word('transport');

export interface LooseRouteOptions {
  /** Routes with `r2` come in pairs, one for each side of us. */
  readonly doubleRr: boolean;
  /** A topmost Route of ours with this user part is not followed; '' = none. */
  readonly ignoreUser: string;
  /** Present: requests that do not carry the mark give -1. */
  readonly mark: DialogMark | undefined;
}

export class LooseRouting {
  readonly #options: LooseRouteOptions;
  readonly #local: LocalNames;
  readonly #transport: Transport;
  readonly #routed: RoutedParameters;

  constructor(options: LooseRouteOptions, local: LocalNames, transport: Transport, routed: RoutedParameters) {
    this.#transport = transport;
    this.#options = options;
    this.#local = local;
    this.#routed = routed;
  }

  follow(run: Run): number {
    const message = run.message;
    if (message.indexOf(Header.route) < 0) return -1;
    const target = run.requestUri;
    if (target === undefined || message.to === undefined) return -1;
    const routes = readRoutes(message);
    if (routes === undefined) return -1;
    const initial = message.toTag === '';
    const strict = !initial && this.#isOurs(target);
    const result = strict ? this.#afterStrict(run, routes, target) : this.#afterLoose(run, routes, initial);
    const { mark } = this.#options;
    if (result < 0 || mark === undefined) return result;
    const own = strict ? target : parseUri(routes[0]!.uri);
    return !initial && own !== undefined && this.#isOurs(own) && mark.isOn(own, message) ? result : -1;
  }

  #afterLoose(run: Run, routes: readonly Route[], initial: boolean): number {
    let at = 0;
    let next = parseUri(routes[0]!.uri);
    if (next === undefined) return -1;
    if (this.#isOurs(next)) {
      if (this.#options.ignoreUser !== '' && next.user === this.#options.ignoreUser) return -1;
      this.#routed.set(run, next.params);
      at = uriParam(next, R2) !== undefined && this.#isOtherHalf(run, routes[1]) ? 2 : 1;
      if (at >= routes.length) {
        keepRoutes(run, routes, 0, 0);
        return initial ? -1 : 1;
      }
      next = parseUri(routes[at]!.uri);
      if (next === undefined) return -1;
    }
    if (isLoose(next)) {
      run.destination = routes[at]!.uri;
      keepRoutes(run, routes, at, routes.length);
    } else {
      // A strict router looks for its own name in the Request-URI and for the rest in Route.
      run.edits.bottom += `Route: <${run.uri}>\r\n`;
      run.uri = routes[at]!.uri;
      keepRoutes(run, routes, at + 1, routes.length);
    }
    return 1;
  }

  #afterStrict(run: Run, routes: readonly Route[], target: SipUri): number {
    let at = 0;
    let next = parseUri(routes[0]!.uri);
    if (next === undefined) return -1;
    if (this.#isOtherHalf(run, routes[0])) {
      at = 1;
      if (at === routes.length) {
        keepRoutes(run, routes, 0, 0);
        return -1;
      }
      next = parseUri(routes[at]!.uri);
      if (next === undefined) return -1;
    }
    this.#routed.set(run, target.params);
    if (!isLoose(next)) {
      run.uri = routes[at]!.uri;
      keepRoutes(run, routes, at + 1, routes.length);
      return 1;
    }
    // The strict router has moved the remote target behind the Routes; with one Route left, that is both.
    const last = routes.length - 1;
    if (parseUri(routes[last]!.uri) === undefined) return -1;
    run.destination = routes[at]!.uri;
    run.uri = routes[last]!.uri;
    keepRoutes(run, routes, at, last);
    return 1;
  }

  /** Whether the Route is the second one of a pair of ours: it names the socket of the side that the request goes to. */
  #isOtherHalf(run: Run, route: Route | undefined): boolean {
    const uri = this.#options.doubleRr && route ? parseUri(route.uri) : undefined;
    if (uri === undefined || uriParam(uri, R2) === undefined || !this.#isOurs(uri)) return false;
    run.sendFrom = pointNamed(this.#transport.points, uri, uriParam(uri, TRANSPORT));
    return true;
  }

  #isOurs(uri: SipUri): boolean {
    return uri.host !== '' && this.#local.isMyself(uri.host, uri.port);
  }
}

function isLoose(uri: SipUri): boolean {
  return uriParam(uri, LR) !== undefined;
}
