/**
 * The topmost Via line as it is passed on: completed with where the packet really came from, or without its first value.
 *
 * Source: RFC 3261 sections 16.7 (step 3) and 18.2.1; RFC 3581 section 4: `received` is set along with every rport.
 */
import type { Source } from '../transport/types.ts';
import type { SipMessage } from './message.ts';
import { bareHost } from './uri.ts';

/** The line at `index`, which holds the topmost Via, with `received` and `rport` set as the source says; with its CRLF. */
export function topViaLine(message: SipMessage, index: number, source: Source, forceRport: boolean): string {
  const via = message.via;
  if (via === undefined) return message.lineAt(index);
  const symmetric = forceRport || via.rport !== undefined;
  const moved = bareHost(via.host) !== source.address;
  if (!symmetric && !moved && via.receivedStart === via.receivedEnd) return message.lineAt(index);
  const { text } = message;
  const receivedFirst = via.receivedStart < via.rportStart;
  const [cut, cutEnd] = receivedFirst ? [via.receivedStart, via.receivedEnd] : [via.rportStart, via.rportEnd];
  const [next, nextEnd] = receivedFirst ? [via.rportStart, via.rportEnd] : [via.receivedStart, via.receivedEnd];
  const start = message.valueStart(index);
  // What the client wrote there is taken out, and the truth goes to the end of the value.
  const value =
    text.slice(start, Math.max(cut, start)) + text.slice(Math.max(cutEnd, start), Math.max(next, cutEnd, start));
  const rest = text.slice(Math.max(nextEnd, cutEnd, start), via.end);
  const received = symmetric || moved ? `;received=${source.address}` : '';
  const rport = symmetric ? `;rport=${source.port}` : '';
  return `Via: ${value}${rest}${received}${rport}${text.slice(via.end, message.lineEnd(index))}`;
}
