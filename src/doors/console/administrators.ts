/**
 * Who may call over TCP: an administrator, by HTTP Basic (RFC 7617). What a check costs and how often one may be wrong is
 * `verify`'s affair, and it may answer late on purpose; here only the number of those who wait is bounded.
 *
 * Errors: HTTP_UNAUTHORIZED, HTTP_BUSY, and what `verify` throws (its own limits).
 */
import { basicCredentials } from '../../core/admin/basic.ts';
import type { Client } from '../../core/gate/types.ts';
import { GatehouseError } from '../../platform/errors.ts';

export type VerifyAdmin = (name: string, password: string, client: Client) => Promise<boolean>;

const MAX_WAITING = 32;

/** The check of one request's Authorization header; gives the administrator's name. */
export function administrators(verify: VerifyAdmin): (header: string | undefined, client: Client) => Promise<string> {
  let waiting = 0;
  return async function authorise(header, client) {
    const given = basicCredentials(header);
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
