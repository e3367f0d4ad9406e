/**
 * Whose token makes this value? Looked for among the values that each would accept now, page by page, so that logins go on meanwhile; nothing
 * is used up. Errors: STORAGE_UNAVAILABLE.
 */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../platform/clock.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { openSeed } from './enrolment.ts';
import { windowOf } from './evaluate.ts';
import { findCounter } from './hotp.ts';
import type { Shelf } from './shelf.ts';
import type { TokenStore } from './store.ts';
import { tokenOf, viewOf } from './token.ts';
import type { OtpSearch, TokenView } from './types.ts';

export interface FindParts {
  readonly store: Pick<TokenStore, 'list'>;
  readonly shelf: Pick<Shelf, 'get'>;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

/** Some milliseconds of work. */
const PAGE = 100;
const MOST_PAGES = 1_000;

export async function findByOtp(parts: FindParts, value: string, wanted: OtpSearch): Promise<TokenView[]> {
  const { store, shelf, keyring, clock } = parts;
  const { assigned, ...query } = wanted;
  const found: TokenView[] = [];
  for (let page = 1; page <= MOST_PAGES; page++) {
    const { rows } = await store.list({ ...query, page, pageSize: PAGE });
    for (const token of rows.map(tokenOf).map((one) => shelf.get(one.serial) ?? one)) {
      if (assigned !== undefined && assigned !== (token.owner !== null)) continue;
      // What was sent to somebody is not what an administrator holds in his hand.
      if (token.type === 'sms' || token.otpLength !== value.length) continue;
      const window = windowOf(token, { now: clock.now(), strict: false });
      if (findCounter(openSeed(keyring, token), value, window, token.otpLength, token.hash) !== undefined)
        found.push(viewOf(token));
    }
    if (rows.length < PAGE) break;
    await setImmediate();
  }
  return found;
}
