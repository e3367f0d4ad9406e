/**
 * A small FAS: shows its page to whoever brings what a door of any level sends along, and a form that leads back to the door. Written after
 * what FAS pages in PHP do, apart from the door's own code: it opens what the door sealed, and makes of the hash what the door must know.
 */
import { createDecipheriv, createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';

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

function page(query: FasQuery, lookUp: (address: string) => string): string {
  const { clientip = '', gatewayaddress, authdir = 'nodogsplash_auth', hid } = query;
  const tok = query.tok ?? (hid ? createHash('sha256').update(`${hid}${FAS_KEY}`).digest('hex') : lookUp(clientip));
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
