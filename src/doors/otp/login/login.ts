/**
 * Who administers: POST /admin/login gives two cookies as LinOTP 4 does, and every call brings back the one that scripts may read in the
 * header X-CSRF-TOKEN: a page of another site can make a browser send cookies, but cannot read them. HTTP Basic (RFC 7617) will do
 * instead, for one call with curl; since browsers remember that as well, calls from pages of other origins are refused in any case. For
 * tools made for LinOTP 2 see old-sessions.ts.
 *
 * Errors: OTP_ORIGIN, those of `verify`.
 */
import type { Admins } from '../../../core/admin/admins.ts';
import { basicCredentials } from '../../../core/admin/basic.ts';
import type { Client } from '../../../core/gate/types.ts';
import { sameSecret } from '../../../core/proofs/compare.ts';
import type { Clock } from '../../../platform/clock.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import type { HttpReply, HttpRequest } from '../../../platform/http-route.ts';
import { requiredField } from '../fields.ts';
import { badLoginReply, offeringBasic, unauthorisedReply, valueReply } from '../reply.ts';
import { cookieOf } from './cookie.ts';
import { OldSessions } from './old-sessions.ts';
import { type Claims, SessionTokens, TOKEN_SECONDS } from './token.ts';

const ACCESS = 'access_token_cookie';
const CSRF = 'csrf_access_token';
const NO_DIGEST = 'Not authenticated: HTTP Digest is not possible here, use HTTP Basic';

/** An administrator, and the cookies that go with every reply. */
export interface LoggedIn {
  readonly name: string;
  readonly cookies: readonly string[];
}

export interface LoginParts {
  readonly key: Buffer;
  readonly clock: Clock;
  readonly verify: Admins['verify'];
}

export class AdminLogin {
  readonly #parts: LoginParts;
  readonly #tokens: SessionTokens;
  readonly #old: OldSessions;

  constructor(parts: LoginParts) {
    this.#parts = parts;
    this.#tokens = new SessionTokens(parts.key);
    this.#old = new OldSessions(parts.key);
  }

  async login(request: HttpRequest): Promise<HttpReply> {
    refuseForeignPages(request);
    const name = requiredField(request.fields, 'username');
    const password = requiredField(request.fields, 'password');
    if (!(await this.#parts.verify(name, password, placeOf(request)))) return badLoginReply();
    const claims = this.#tokens.begin(name, this.#now());
    const reply = valueReply(true, 1, { message: `Login successful for ${name}` });
    return { ...reply, headers: { 'set-cookie': this.#cookies(claims, request.secure) } };
  }

  logout(request: HttpRequest): HttpReply {
    const claims = this.#session(request);
    if (!claims) return unauthorisedReply();
    this.#tokens.leave(claims, this.#now());
    const gone = [ACCESS, CSRF].map((name) => `${name}=; Path=/; Max-Age=0; SameSite=Strict`);
    return { ...valueReply(true, 1, { message: 'Logout successful' }), headers: { 'set-cookie': gone } };
  }

  /** Undefined: nobody who may. */
  async who(request: HttpRequest): Promise<LoggedIn | undefined> {
    refuseForeignPages(request);
    const claims = this.#session(request);
    if (claims) {
      const renewed = this.#tokens.renew(claims, this.#now());
      return { name: claims.sub, cookies: renewed === claims ? [] : this.#cookies(renewed, request.secure) };
    }
    if (this.#old.isForged(request)) return undefined;
    const name = this.#old.nameOf(request, this.#now()) ?? (await this.#byBasic(request));
    return name === undefined ? undefined : { name, cookies: [] };
  }

  /** What nobody gets who is not let in. Digest (RFC 7616) would need passwords that can be read, and of those of administrators there are one-way hashes alone. */
  refuse({ headers }: HttpRequest): HttpReply {
    const isDigest = /^digest\b/i.test(headers.authorization ?? '');
    return offeringBasic(unauthorisedReply(isDigest ? NO_DIGEST : undefined));
  }

  /** As LinOTP 2 has it: by Basic, and with GET or POST. */
  async getSession(request: HttpRequest): Promise<HttpReply> {
    refuseForeignPages(request);
    const name = await this.#byBasic(request);
    return name === undefined ? this.refuse(request) : this.#old.begin(name, request.secure, this.#now());
  }

  dropSession(request: HttpRequest): HttpReply {
    refuseForeignPages(request);
    return this.#old.drop(request, this.#now());
  }

  async #byBasic(request: HttpRequest): Promise<string | undefined> {
    const given = basicCredentials(request.headers.authorization);
    if (!given || !(await this.#parts.verify(given.name, given.password, placeOf(request)))) return undefined;
    return given.name;
  }

  #session({ headers }: HttpRequest): Claims | undefined {
    const token = cookieOf(headers.cookie, ACCESS);
    const claims = token === undefined ? undefined : this.#tokens.read(token, this.#now());
    if (!claims) return undefined;
    const csrf = headers['x-csrf-token'];
    return typeof csrf === 'string' && sameSecret(csrf, claims.csrf) ? claims : undefined;
  }

  #cookies(claims: Claims, secure: boolean): string[] {
    const rest = `Path=/; Max-Age=${TOKEN_SECONDS}; SameSite=Strict${secure ? '; Secure' : ''}`;
    return [`${ACCESS}=${this.#tokens.write(claims)}; ${rest}; HttpOnly`, `${CSRF}=${claims.csrf}; ${rest}`];
  }

  #now(): number {
    return Math.floor(this.#parts.clock.now() / 1000);
  }
}

/** Every guess could come over a connection of its own: one count per address. */
function placeOf(request: HttpRequest): Client {
  return { address: request.address, port: 0 };
}

export function refuseForeignPages({ headers }: HttpRequest): void {
  const { origin, host } = headers;
  const own = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
  if (own && headers['sec-fetch-site'] !== 'cross-site') return;
  throw new GatehouseError('OTP_ORIGIN', 'calls from the web pages of others are refused');
}
