/**
 * The Route headers of a request as one list, however many values stand in how many lines, and the edits that leave only a part of it.
 *
 * Source: RFC 3261 sections 7.3.1 and 20.34.
 */
import { Header } from '../../message/header-names.ts';
import type { SipMessage } from '../../message/message.ts';
import { parseNameAddr } from '../../message/name-addr.ts';
import type { Run } from '../../run.ts';

export interface Route {
  /** Index of its header line. */
  readonly line: number;
  /** Where its value stands in the message's text. */
  readonly start: number;
  readonly end: number;
  readonly uri: string;
}

/** All Routes in order; undefined when one of them is broken. */
export function readRoutes(message: SipMessage): Route[] | undefined {
  const routes: Route[] = [];
  for (let line = message.indexOf(Header.route); line >= 0; line = message.indexOf(Header.route, line + 1)) {
    const stop = message.valueEnd(line);
    for (let start = message.valueStart(line); ; ) {
      const value = parseNameAddr(message.text, start, stop);
      if (value === undefined) return undefined;
      routes.push({ line, start, end: value.end, uri: value.uri });
      if (value.end >= stop) break;
      start = value.end + 1;
    }
  }
  return routes;
}

/** Leaves routes[first, end) in the request that goes out; untouched lines stay as they came. */
export function keepRoutes(run: Run, routes: readonly Route[], first: number, end: number): void {
  for (let at = 0; at < routes.length; ) {
    const line = routes[at]!.line;
    let next = at + 1;
    while (next < routes.length && routes[next]!.line === line) next++;
    const from = Math.max(at, first);
    const to = Math.min(next, end);
    if (from >= to) run.edits.remove(line);
    else if (from > at || to < next) {
      const values = run.message.text.slice(routes[from]!.start, routes[to - 1]!.end);
      run.edits.replace(line, `Route: ${values.trim()}\r\n`);
    }
    at = next;
  }
}
