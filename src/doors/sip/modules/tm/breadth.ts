/**
 * Max-Breadth (RFC 5393 section 5): how many branches may still run at once for a request, here and at all later hops. Each hop
 * shares it out among its branches, so that contacts which lead back to a forking proxy cannot multiply without end.
 */
import { Header } from '../../message/header-names.ts';
import type { SipMessage } from '../../message/message.ts';

/** What a request without the header has, and what a larger one counts as (section 5.3.3). */
const DEFAULT = 60;
const LARGEST = 0x7fffffff;

/** -1: the header cannot be read. */
export function maxBreadth(request: SipMessage): number {
  const index = request.indexOf(Header.maxBreadth);
  if (index < 0) return DEFAULT;
  return Math.min(request.numberAt(index, LARGEST), DEFAULT);
}

/** The header line of the branch that is number `at` of `branches`; those to come first get what cannot be shared evenly. */
export function breadthLine(breadth: number, branches: number, at: number): string {
  const share = Math.floor(breadth / branches) + (at < breadth % branches ? 1 : 0);
  return `Max-Breadth: ${share}\r\n`;
}
