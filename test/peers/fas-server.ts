/**
 * A small FAS: shows its page to whoever brings what a door of any level sends along, and a form that leads back to the door. Written after
 * what FAS pages in PHP do, apart from the door's own code: it opens what the door sealed, and makes of the hash what the door must know.
 */
import { createDecipheriv, createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import { text } from 'node:stream/consumers';

export const FAS_KEY = 'a_key_of_16_chrs';

/** As a page sees them. */
export type FasQuery = Readonly<Record<string, string>>;

/** `seen`: hears of every query, as it was opened. `lookUp`: asks the door for the token of an address, where no level gives it. */
export function createFasServer(
  seen: (query: FasQuery) => void,
  lookUp: (address: string) => string = () => '',
): Server {
  return createServer((request, response) => {
    const query = opened(new URL(request.url ?? '/', 'http://fas').searchParams);
    seen(query);
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(query.status === 'authenticated' ? '<p>already in</p>' : page(query, lookUp));
  });
}

export interface AuthList {
  /** By gateway and pass, as the entries stand in the list. */
  readonly waiting: Map<string, Map<string, string>>;
  /** Bodies of what a gateway posted. */
  readonly posted: URLSearchParams[];
  /** In place of the answer to a gateway. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

/** Of level 3: whoever opens its page is put on the list with these terms, until the gateway acknowledges him. */
export function createSecureFas(
  options: ServerOptions,
  terms: string,
  seen: (query: FasQuery) => void,
  list: AuthList,
) {
  return createSecureServer(options, async (request, response) => {
    if (request.method === 'POST') {
      list.posted.push(new URLSearchParams(await text(request)));
      if (list.answer) list.answer(request, response);
      else response.end(listAnswer(list, list.posted.at(-1)!));
      return;
    }
    const query = opened(new URL(request.url ?? '/', 'https://fas').searchParams);
    seen(query);
    const { gatewayname = '', hid = '' } = query;
    const rhid = sha256(`${hid}${FAS_KEY}`);
    const gateway = sha256(gatewayname);
    const entries = list.waiting.get(gateway) ?? new Map<string, string>();
    list.waiting.set(gateway, entries.set(rhid, `${rhid} ${terms}`));
    response.end('<p>wait</p>');
  });
}

function listAnswer({ waiting }: AuthList, asked: URLSearchParams): string {
  const entries = waiting.get(asked.get('gatewayhash') ?? '');
  if (asked.get('auth_get') !== 'view' || entries === undefined) return '';
  const payload = Buffer.from(asked.get('payload') ?? '', 'base64').toString();
  if (payload === 'none') return ['*', ...[...entries.values()].map(encodeURIComponent)].join(' ');
  for (const line of payload.split('\n')) entries.delete(line.replace(/^[* ]+/, ''));
  return 'ack';
}

function sha256(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

function page(query: FasQuery, lookUp: (address: string) => string): string {
  const { clientip = '', gatewayaddress, authdir = 'nodogsplash_auth', hid } = query;
  const tok = query.tok ?? (hid ? sha256(`${hid}${FAS_KEY}`) : lookUp(clientip));
  const action = query.authaction ?? `http://${gatewayaddress}/${authdir}/`;
  const redir = query.originurl === undefined ? (query.redir ?? '') : decodeURIComponent(query.originurl);
  const hidden = (name: string, value: string) => `<input type="hidden" name="${name}" value="${escaped(value)}">`;
  return `<!DOCTYPE html><title>FAS</title><form method="get" action="${escaped(action)}">${hidden('tok', tok)}${hidden('redir', redir)}<button>Go on</button></form>`;
}

function opened(query: URLSearchParams): FasQuery {
  const [fas, iv] = [query.get('fas'), query.get('iv')];
  if (fas === null || iv === null) return Object.fromEntries(query);
  const key = Buffer.alloc(32);
  key.write(FAS_KEY);
  const cipher = createDecipheriv('aes-256-cbc', key, iv);
  const text = cipher.update(Buffer.from(fas, 'base64').toString(), 'base64', 'utf8') + cipher.final('utf8');
  return Object.fromEntries(text.split(', ').map((field) => field.split('=')));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
