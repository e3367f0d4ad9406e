/** What a request says, bounded: parameters of query and form, the page that somebody wanted. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { GatehouseError } from '../../../platform/errors.ts';

export type Parameters = ReadonlyMap<string, string>;

export const MOST_QUERY = 8_192;
const MOST_BODY = 16_384;
const MOST_PARAMETERS = 64;
const MOST_REDIR = 4_096;

/** Undefined: an encoding that is none, or no UTF-8. The first of a name counts. */
export function parseParameters(bytes: Buffer): Parameters | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString('utf8');
  const found = new Map<string, string>();
  for (const part of text.split('&', MOST_PARAMETERS)) {
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? '' : decode(part.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    if (name !== '' && !found.has(name)) found.set(name, value);
  }
  return found;
}

/** The parameters of a form that was posted; undefined: they cannot be read. Errors: PORTAL_BODY, it is too large. */
export async function readForm(request: IncomingMessage): Promise<Parameters | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  // The answer still has to go out on its socket.
  const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const piece of body) {
    length += piece.length;
    if (length > MOST_BODY) throw new GatehouseError('PORTAL_BODY', 'the form is too large');
    pieces.push(piece);
  }
  return parseParameters(Buffer.concat(pieces));
}

/** The address somebody wanted to go to, in a form that can do no harm in a page; empty: none, or none that may be gone to. */
export function safeRedir(text: string | undefined): string {
  if (text === undefined || text.length > MOST_REDIR || !URL.canParse(text)) return '';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return '';
  const href = url.href.replace(/['"`<>\\^{|}]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return href.length > MOST_REDIR ? '' : href;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
