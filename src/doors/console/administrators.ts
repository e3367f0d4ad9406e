/**
 * Who may call over TCP: an administrator, by HTTP Basic (RFC 7617). What a check costs and how often one may be wrong is
 * `verify`'s affair, and it may answer late on purpose; here only the number of those who wait is bounded.
 *
 * Errors: HTTP_UNAUTHORIZED, HTTP_BUSY, and what `verify` throws (its own limits).
 */
import type { Client } from '../../core/gate/types.ts';
import { GatehouseError } from '../../platform/errors.ts';

export type VerifyAdmin = (name: string, password: string, client: Client) => Promise<boolean>;

const MAX_WAITING = 32;
const MAX_HEADER = 1024;

/** The check of one request's Authorization header; gives the administrator's name. */
export function administrators(verify: VerifyAdmin): (header: string | undefined, client: Client) => Promise<string> {
  let waiting = 0;
  return async function authorise(header, client) {
    const given = header && header.length <= MAX_HEADER ? basicCredentials(header) : undefined;
    if (!given) throw new GatehouseError('HTTP_UNAUTHORIZED', 'an administrator must say who they are');
    if (waiting >= MAX_WAITING)
      throw new GatehouseError('HTTP_BUSY', 'too many log-ins at once', { hint: 'try again in a second' });
    waiting++;
    try {
      if (await verify(given.name, given.password, client)) return given.name;
    } finally {
      waiting--;
    }
    throw new GatehouseError('HTTP_UNAUTHORIZED', 'wrong name or password');
  };
}

function basicCredentials(header: string): { name: string; password: string } | undefined {
  const encoded = /^basic +([a-z0-9+/=_-]+) *$/i.exec(header)?.[1];
  if (!encoded) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon > 0 ? { name: text.slice(0, colon), password: text.slice(colon + 1) } : undefined;
}
