/**
 * The first line of a message: Request-Line or Status-Line.
 *
 * A line that is recognisably SIP but wrong gives its parts as far as they can be told, and the fault to answer with.
 * Source: RFC 3261 sections 7.1 and 7.2.
 */
import { bytes } from './bytes.ts';
import { DIGIT, decimal, isWord, skip, TOKEN, trimEnd, word } from './chars.ts';

/** Why a message cannot be processed, and the status that says so. */
export interface Fault {
  readonly status: number;
  readonly reason: string;
}

export interface StartLine {
  readonly isRequest: boolean;
  readonly method: string;
  readonly uri: string;
  /** Where the URI stands in the text. */
  readonly uriStart: number;
  readonly status: number;
  readonly reason: string;
  readonly fault: Fault | undefined;
}

const SIP = word('sip/');
const SIP_2 = word('sip/2.0');

/** One text for each method, so that comparing with one of them is comparing two addresses. */
const METHODS = ['REGISTER', 'INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'SUBSCRIBE', 'NOTIFY', 'MESSAGE', 'PRACK'];

/** Reads text[start, end), a line without its end; undefined when it is neither a request nor a response of any SIP version. */
export function parseStartLine(text: string, start: number, end: number): StartLine | undefined {
  if (isWord(start, start + 4, SIP)) return parseStatusLine(text, start, end);
  const last = trimEnd(start, end);
  const version = text.lastIndexOf(' ', last - 1) + 1;
  if (version <= start || !isWord(version, version + 4, SIP)) return undefined;
  const methodEnd = text.indexOf(' ', start);
  if (methodEnd === start) return undefined;
  const method = methodAt(text, start, methodEnd);
  const uri = methodEnd + 1 < version ? text.slice(methodEnd + 1, version - 1) : '';
  const fault = requestLineFault(version, last, end, skip(start, methodEnd, TOKEN) === methodEnd, uri);
  return { isRequest: true, method, uri, uriStart: methodEnd + 1, status: 0, reason: '', fault };
}

function requestLineFault(
  version: number,
  last: number,
  end: number,
  isMethod: boolean,
  uri: string,
): Fault | undefined {
  if (!isMethod) return { status: 400, reason: 'Bad Method' };
  if (!isWord(version, last, SIP_2)) return { status: 505, reason: 'Version Not Supported' };
  if (last < end || uri === '' || uri.startsWith(' ') || uri.endsWith(' ')) {
    return { status: 400, reason: 'Bad Spaces In Request-Line' };
  }
  return undefined;
}

export function methodAt(text: string, start: number, end: number): string {
  for (let i = 0; i < METHODS.length; i++) {
    const method = METHODS[i]!;
    if (method.length === end - start && text.startsWith(method, start)) return method;
  }
  return text.slice(start, end);
}

function parseStatusLine(text: string, start: number, end: number): StartLine {
  const versionEnd = Math.min(end, text.indexOf(' ', start) >>> 0);
  const digits = versionEnd + 1;
  const digitsEnd = skip(digits, end, DIGIT);
  const status = decimal(digits, digitsEnd, 699);
  const separated = digitsEnd === end || bytes[digitsEnd] === 32;
  let fault: Fault | undefined;
  if (!isWord(start, versionEnd, SIP_2)) fault = { status: 505, reason: 'Version Not Supported' };
  else if (status < 100 || digitsEnd - digits !== 3 || !separated) fault = { status: 400, reason: 'Bad Status Code' };
  const reason = text.slice(Math.min(digitsEnd + 1, end), end);
  return { isRequest: false, method: '', uri: '', uriStart: 0, status: Math.max(status, 0), reason, fault };
}
