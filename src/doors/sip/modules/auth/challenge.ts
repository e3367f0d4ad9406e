/**
 * The challenge: `Digest realm="R", nonce="N"[, qop="auth"][, stale=true]` in a 401 or 407, parameters in exactly this order.
 *
 * Result: 0, as the request is answered; -1 when it cannot be (an ACK, or it has had its final reply). A request whose realm
 * cannot be found out gets 400. Source: RFC 2617 section 3.2.1; form as OpenSER's auth.
 */
import { cleanValue } from '../../message/header-text.ts';
import { detach } from '../../message/message.ts';
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
  return run.reply(pair.status, pair.reason, headerFor(pair, name, nonce, tail)) ? 0 : -1;
}

/** The last one: all that are challenged within a second in the same way get the same line. */
let last = { pair: undefined as HeaderPair | undefined, realm: '', nonce: '', tail: '', line: '' };

function headerFor(pair: HeaderPair, realm: string, nonce: string, tail: string): string {
  if (last.pair === pair && last.nonce === nonce && last.realm === realm && last.tail === tail) return last.line;
  const line = `${pair.challenge}: Digest realm="${realm}", nonce="${nonce}"${tail}\r\n`;
  last = { pair, realm: detach(realm), nonce, tail, line: detach(line) };
  return last.line;
}

/** A realm out of variables may hold anything, a line end too. */
function quotable(text: string): string {
  const clean = cleanValue(text);
  return clean.includes('"') || clean.includes('\\') ? clean.replace(/["\\]/g, '\\$&') : clean;
}
