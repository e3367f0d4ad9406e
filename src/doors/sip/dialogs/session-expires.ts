/** How long both sides have agreed to keep a session without a refresh (RFC 4028 section 4): what the 2xx says, for the proxies too. */
import { word } from '../message/chars.ts';
import type { SipMessage } from '../message/message.ts';

const NAME = word('session-expires');
const COMPACT = word('x');
const LONGEST_S = 0x7fffffff;

/** Milliseconds, 0 = nothing was agreed. */
export function sessionExpires(answer: SipMessage): number {
  const long = answer.indexOfName(NAME);
  const index = long < 0 ? answer.indexOfName(COMPACT) : long;
  if (index < 0) return 0;
  const seconds = Number.parseInt(answer.valueAt(index), 10);
  return seconds > 0 ? Math.min(seconds, LONGEST_S) * 1000 : 0;
}
