/**
 * The challenge: `Digest realm="R", nonce="N"[, qop="auth"][, stale=true]` in a 401 or 407, parameters in exactly this order.
 * Where a domain asks for other algorithms than MD5, there is one such line for each, the preferred first, ended by
 * `, algorithm=A`; those but MD5 have qop in any case (RFC 7616 section 3.3).
 *
 * Result: 0, as the request is answered; -1 when it cannot be (an ACK, or it has had its final reply). A request whose realm
 * cannot be found out gets 400. Source: RFC 2617 section 3.2.1, RFC 8760 section 2.4; form as OpenSER's auth.
 */
import { cleanValue } from '../../message/header-text.ts';
import { detach } from '../../message/message.ts';
import type { Run } from '../../run.ts';
import { type DigestRules, isDocumented } from './digest-rules.ts';
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
  const rules = settings.rules.of(realm === '' ? name : realm);
  const form: Form = { pair, realm: name, qop, stale: run.stale, rules };
  const headers = rules.oneTime
    ? headersFor(form, settings.nonces.createForOne(now))
    : headersOfSecond(form, settings.nonces.create(now));
  return run.reply(pair.status, pair.reason, headers) ? 0 : -1;
}

/** All of a challenge but its nonce. */
interface Form {
  readonly pair: HeaderPair;
  readonly realm: string;
  readonly qop: boolean;
  readonly stale: boolean;
  readonly rules: DigestRules;
}

/** The last one: all that are challenged within a second in the same way get the same lines. */
let last: { form: Form; nonce: string; lines: string } | undefined;

function headersOfSecond(form: Form, nonce: string): string {
  if (last !== undefined && last.nonce === nonce && isSame(last.form, form)) return last.lines;
  last = { form: { ...form, realm: detach(form.realm) }, nonce, lines: detach(headersFor(form, nonce)) };
  return last.lines;
}

function isSame(a: Form, b: Form): boolean {
  return a.pair === b.pair && a.realm === b.realm && a.qop === b.qop && a.stale === b.stale && a.rules === b.rules;
}

function headersFor({ pair, realm, qop, stale, rules }: Form, nonce: string): string {
  const start = `${pair.challenge}: Digest realm="${realm}", nonce="${nonce}"`;
  const count = rules.authInt ? ', qop="auth,auth-int"' : ', qop="auth"';
  const again = stale ? ', stale=true' : '';
  if (isDocumented(rules)) return `${start}${qop ? count : ''}${again}\r\n`;
  let lines = '';
  for (const algorithm of rules.algorithms) {
    lines += `${start}${qop || algorithm !== 'MD5' ? count : ''}${again}, algorithm=${algorithm}\r\n`;
  }
  return lines;
}

/** A realm out of variables may hold anything, a line end too. */
function quotable(text: string): string {
  const clean = cleanValue(text);
  return clean.includes('"') || clean.includes('\\') ? clean.replace(/["\\]/g, '\\$&') : clean;
}
