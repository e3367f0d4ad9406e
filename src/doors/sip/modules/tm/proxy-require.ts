/** Extensions that a request asks of the proxies on its way: none is supported here. Source: RFC 3261 sections 16.3 (step 5) and 20.29. */
import { Header } from '../../message/header-names.ts';
import type { SipMessage } from '../../message/message.ts';

const LONGEST = 1000;

/** The header for a 420; undefined: nothing is asked. */
export function unsupported(request: SipMessage): string | undefined {
  let index = request.indexOf(Header.proxyRequire);
  if (index < 0) return undefined;
  const asked: string[] = [];
  for (; index >= 0; index = request.indexOf(Header.proxyRequire, index + 1)) asked.push(request.valueAt(index));
  return `Unsupported: ${asked.join(', ').slice(0, LONGEST)}\r\n`;
}
