/**
 * Requests and responses as a stateful proxy passes them on: everything that is not changed is copied as it came, in as few
 * slices as possible, and shared by all branches.
 *
 * Source: RFC 3261 sections 16.6 and 16.7. A Content-Length is added where there is none, since the next hop may be a stream.
 */
import type { ListenPoint, Source } from '../transport/types.ts';
import { lookAt } from './bytes.ts';
import { SPACE, skip } from './chars.ts';
import type { Edits } from './edits.ts';
import { Header } from './header-names.ts';
import type { SipMessage, Via } from './message.ts';
import { parseVia } from './via.ts';
import { topViaLine } from './via-line.ts';

/** All of the request that goes below our own Via, body included: `edits` applied, the sender's Via completed. */
export function prepareForward(message: SipMessage, edits: Edits, source: Source, forceRport: boolean): string {
  const top = message.indexOf(Header.via);
  let text = edits.top;
  let copied = message.headerStart;
  for (let index = 0; index < message.headerCount; index++) {
    let line = edits.lines?.[index];
    if (index === top) line ??= topViaLine(message, top, source, forceRport);
    if (line === undefined) {
      if (edits.lines === undefined && index > top) break;
      continue;
    }
    text += message.text.slice(copied, message.lineStart(index)) + line;
    copied = message.lineEnd(index);
  }
  return text + restFrom(message, copied, edits.bottom, edits.body);
}

/** A whole request: `viaLine` on top, `extra` lines (with CRLF, or '') below it, then what `prepareForward` gave. */
export function assembleRequest(method: string, uri: string, viaLine: string, extra: string, rest: string): string {
  return `${method} ${uri} SIP/2.0\r\n${viaLine}${extra}${rest}`;
}

/** The response without its topmost Via value, which was ours. */
export function buildForwardedResponse(response: SipMessage): string {
  const { text, via } = response;
  const top = response.indexOf(Header.via);
  const start = `SIP/2.0 ${response.status} ${response.reason}\r\n`;
  if (via === undefined) return start + restFrom(response, response.headerStart, '');
  const lineEnd = response.lineEnd(top);
  const remaining = text.charCodeAt(via.end) === 44 ? `Via:${text.slice(via.end + 1, lineEnd)}` : '';
  const before = text.slice(response.headerStart, response.lineStart(top));
  return start + before + remaining + restFrom(response, lineEnd, '');
}

/** Our own Via line with its CRLF; `rport` asks the next hop to answer to the port it saw. */
export function viaLine(point: ListenPoint, branch: string, rport = false): string {
  const protocol = point.protocol === 'udp' ? 'UDP' : point.protocol.toUpperCase();
  return `Via: SIP/2.0/${protocol} ${point.hostPort};branch=${branch}${rport ? ';rport' : ''}\r\n`;
}

/** The Via below the topmost one: the sender's, of a response to what we passed on. */
export function secondVia(response: SipMessage): Via | undefined {
  const { text, via } = response;
  if (via === undefined) return undefined;
  let index = response.indexOf(Header.via);
  if (text.charCodeAt(via.end) === 44) {
    lookAt(text);
    const end = response.valueEnd(index);
    return parseVia(text, skip(via.end + 1, end, SPACE), end);
  }
  index = response.indexOf(Header.via, index + 1);
  return index < 0 ? undefined : parseVia(text, response.valueStart(index), response.valueEnd(index));
}

/** The header lines from `position` on, `bottom`, the empty line and the body, or another one in its place. */
function restFrom(message: SipMessage, position: number, bottom: string, body?: string): string {
  const { text, bodyStart, contentLength } = message;
  if (body !== undefined)
    return `${text.slice(position, bodyStart - 2)}${bottom}Content-Length: ${body.length}\r\n\r\n${body}`;
  const stop = contentLength < 0 ? text.length : bodyStart + contentLength;
  if (contentLength >= 0 && bottom === '') return text.slice(position, stop);
  const added = contentLength >= 0 ? bottom : `${bottom}Content-Length: ${text.length - bodyStart}\r\n`;
  return `${text.slice(position, bodyStart - 2)}${added}${text.slice(bodyStart - 2, stop)}`;
}
