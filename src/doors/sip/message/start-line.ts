/**
 * The first line of a message: Request-Line or Status-Line.
 *
 * A line that is recognisably SIP but wrong gives its parts as far as they can be told, and the fault to answer with.
 * Source: RFC 3261 sections 7.1 and 7.2.
 */
import { DIGIT, decimal, equalsWord, skip, trimEnd } from './chars.ts';
import { isToken } from './uri.ts';

/** Why a message cannot be processed, and the status that says so. */
export interface Fault {
  readonly status: number;
  readonly reason: string;
}

export interface StartLine {
  readonly isRequest: boolean;
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly reason: string;
  readonly fault: Fault | undefined;
}

/** Reads text[start, end), a line without its end; undefined when it is neither a request nor a response of any SIP version. */
export function parseStartLine(text: string, start: number, end: number): StartLine | undefined {
  if (equalsWord(text, start, start + 4, 'sip/')) return parseStatusLine(text, start, end);
  const last = trimEnd(text, start, end);
  const version = text.lastIndexOf(' ', last - 1) + 1;
  if (version <= start || !equalsWord(text, version, version + 4, 'sip/')) return undefined;
  const methodEnd = text.indexOf(' ', start);
  if (methodEnd === start) return undefined;
  const method = text.slice(start, methodEnd);
  const uri = methodEnd + 1 < version ? text.slice(methodEnd + 1, version - 1) : '';
  const fault = requestLineFault(text, version, last, end, isToken(text, start, methodEnd), uri);
  return { isRequest: true, method, uri, status: 0, reason: '', fault };
}

function requestLineFault(
  text: string,
  version: number,
  last: number,
  end: number,
  isMethod: boolean,
  uri: string,
): Fault | undefined {
  if (!isMethod) return { status: 400, reason: 'Bad Method' };
  if (!equalsWord(text, version, last, 'sip/2.0')) return { status: 505, reason: 'Version Not Supported' };
  if (last < end || uri === '' || uri.startsWith(' ') || uri.endsWith(' ')) {
    return { status: 400, reason: 'Bad Spaces In Request-Line' };
  }
  return undefined;
}

function parseStatusLine(text: string, start: number, end: number): StartLine {
  const versionEnd = Math.min(end, text.indexOf(' ', start) >>> 0);
  const digits = versionEnd + 1;
  const digitsEnd = skip(text, digits, end, DIGIT);
  const status = decimal(text, digits, digitsEnd, 699);
  const separated = digitsEnd === end || text.charCodeAt(digitsEnd) === 32;
  let fault: Fault | undefined;
  if (!equalsWord(text, start, versionEnd, 'sip/2.0')) fault = { status: 505, reason: 'Version Not Supported' };
  else if (status < 100 || digitsEnd - digits !== 3 || !separated) fault = { status: 400, reason: 'Bad Status Code' };
  const reason = text.slice(Math.min(digitsEnd + 1, end), end);
  return { isRequest: false, method: '', uri: '', status: Math.max(status, 0), reason, fault };
}
