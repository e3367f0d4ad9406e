/**
 * The challenge: `Digest realm="R", nonce="N"[, qop="auth"][, stale=true]` in a 401 or 407, parameters in exactly this order.
 *
 * Result: 0, as the request is answered; -1 when it cannot be (an ACK, or it has had its final reply). A request whose realm
 * cannot be found out gets 400. Source: RFC 2617 section 3.2.1; form as OpenSER's auth.
 */
import type { Run } from '../../run.ts';
import type { HeaderPair } from './header-pair.ts';
import { automaticRealm } from './realm.ts';
import type { AuthSettings } from './settings.ts';

/** `realm` '': found out from the request. */
export function challenge(
  run: Run,
  pair: HeaderPair,
  realm: string,
  qop: boolean,
  settings: AuthSettings,
  now: number,
): number {
  const name = realm === '' ? automaticRealm(run.message, pair, settings.realmPrefix) : quotable(realm);
  if (name === undefined) return run.reply(400, 'Bad Request') ? 0 : -1;
  const nonce = settings.nonces.create(now);
  const tail = (qop ? ', qop="auth"' : '') + (run.stale ? ', stale=true' : '');
  const header = `${pair.challenge}: Digest realm="${name}", nonce="${nonce}"${tail}\r\n`;
  return run.reply(pair.status, pair.reason, header) ? 0 : -1;
}

function quotable(text: string): string {
  return text.includes('"') || text.includes('\\') ? text.replace(/["\\]/g, '\\$&') : text;
}
