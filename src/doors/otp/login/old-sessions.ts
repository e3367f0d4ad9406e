/**
 * Sessions as tools for LinOTP 2 have them: /admin/getsession gives the cookie `admin_session`, and each call that brings the cookie says its value
 * once more as the parameter `session`: a page of another site can make a browser send cookies, but cannot read them.
 *
 * In LinOTP 2 this is beside the password, which those tools go on sending. Here it also does without; it is never renewed, since they would not look.
 */
import { createHmac } from 'node:crypto';
import { sameSecret } from '../../../core/proofs/compare.ts';
import type { HttpReply, HttpRequest } from '../../../platform/http-route.ts';
import { valueReply } from '../reply.ts';
import { cookieOf } from './cookie.ts';
import { SessionTokens, TOKEN_SECONDS } from './token.ts';

const COOKIE = 'admin_session';

export class OldSessions {
  readonly #tokens: SessionTokens;

  constructor(key: Buffer) {
    // Not the key of the other sessions: one of this kind is none of those.
    this.#tokens = new SessionTokens(createHmac('sha256', key).update(COOKIE).digest());
  }

  begin(name: string, isSecure: boolean, now: number): HttpReply {
    const session = this.#tokens.write(this.#tokens.begin(name, now));
    // Pages have to read it, to bring it as `session`.
    const cookie = `${COOKIE}=${session}; Path=/; Max-Age=${TOKEN_SECONDS}; SameSite=Strict${isSecure ? '; Secure' : ''}`;
    return { ...valueReply(true, 1, { session }), headers: { 'set-cookie': [cookie] } };
  }

  /** The cookie is there and `session` is not its value: nothing else in the call counts then. */
  isForged({ headers, fields }: HttpRequest): boolean {
    const cookie = cookieOf(headers.cookie, COOKIE);
    return cookie !== undefined && !sameSecret(cookie, fields.get('session') ?? '');
  }

  /** Whose it is; undefined: there is none, or it is over. */
  nameOf(request: HttpRequest, now: number): string | undefined {
    const cookie = this.isForged(request) ? undefined : cookieOf(request.headers.cookie, COOKIE);
    return cookie === undefined ? undefined : this.#tokens.read(cookie, now)?.sub;
  }

  drop({ headers }: HttpRequest, now: number): HttpReply {
    const cookie = cookieOf(headers.cookie, COOKIE);
    const claims = cookie === undefined ? undefined : this.#tokens.read(cookie, now);
    if (claims) this.#tokens.leave(claims, now);
    return { ...valueReply(true, 1), headers: { 'set-cookie': [`${COOKIE}=; Path=/; Max-Age=0; SameSite=Strict`] } };
  }
}
