/**
 * Who looks after his own tokens: /userservice/login and auth give a cookie as LinOTP does, and every call brings it back twice, as the
 * cookie and as the parameter `session`: a page of another site can make a browser send cookies, but cannot read them.
 *
 * The password is a proof at the gate like any other, so that limits and locks hold. With the policy mfa_login the code is asked for, too, in the
 * same call. A session lives half an hour. Errors: OTP_ORIGIN, OTP_PARAMETER, OTP_SESSION, RESOLVER_UNAVAILABLE.
 */
import { createHmac } from 'node:crypto';
import type { Client, Gate, Proof } from '../../../core/gate/types.ts';
import type { Asker } from '../../../core/policy/linotp/conditions.ts';
import type { ActionPolicy } from '../../../core/policy/policy.ts';
import { sameSecret } from '../../../core/proofs/compare.ts';
import type { Person, Realms } from '../../../core/realms/types.ts';
import { personAccount } from '../../../core/tokens/people.ts';
import type { TokenDesk } from '../../../core/tokens/types.ts';
import type { UserSource } from '../../../core/users/types.ts';
import type { Clock } from '../../../platform/clock.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import type { HttpReply, HttpRequest } from '../../../platform/http-route.ts';
import type { ClientAddresses } from '../client.ts';
import { parameterError, requiredField } from '../fields.ts';
import { cookieOf } from '../login/cookie.ts';
import { refuseForeignPages } from '../login/login.ts';
import { SessionTokens, TOKEN_SECONDS } from '../login/token.ts';
import { type Json, valueReply } from '../reply.ts';

/** Of LinOTP's own pages, and of pages elsewhere. */
const COOKIES = { login: 'user_selfservice', auth: 'userauthcookie' } as const;
const MAX_TEXT = 1024;

export interface UserLoginParts {
  readonly gate: Pick<Gate, 'prove'>;
  readonly realms: Realms;
  readonly tokens: Pick<TokenDesk, 'ofOwner'>;
  readonly policy: ActionPolicy;
  readonly clock: Clock;
  readonly sessionKey: Buffer;
  clients(): ClientAddresses;
}

export class UserLogin {
  readonly #parts: UserLoginParts;
  readonly #sessions: SessionTokens;
  readonly #users: UserSource;

  constructor(parts: UserLoginParts) {
    this.#parts = parts;
    const { realms } = parts;
    // Not the key of administrators: a session of one kind is none of the other.
    this.#sessions = new SessionTokens(createHmac('sha256', parts.sessionKey).update('userservice').digest());
    this.#users = {
      name: 'realms',
      shared: false,
      ignoresCase: true,
      async find(name, domain, fresh) {
        const person = await realms.find(name, domain, fresh);
        if (person === null) return null;
        return { ...personAccount(person), checkPasswordLater: (password) => realms.checkPassword(person, password) };
      },
    };
  }

  /** `login` or `username`, `password`, and where the policy wants it `otp`: PIN and code, or what otppin says. */
  async login(request: HttpRequest): Promise<HttpReply> {
    const name = request.fields.get('username') ?? requiredField(request.fields, 'login');
    return this.#enter(
      request,
      COOKIES.login,
      name,
      requiredField(request.fields, 'password'),
      request.fields.get('otp'),
    );
  }

  /** The same with both in `password`: `OTP:PASSWORD`, each in base32. */
  async auth(request: HttpRequest): Promise<HttpReply> {
    const [otp = '', password, ...more] = requiredField(request.fields, 'password').split(':').map(fromBase32);
    if (password === undefined || more.length > 0)
      throw parameterError('password must be OTP:PASSWORD, each in base32');
    return this.#enter(request, COOKIES.auth, requiredField(request.fields, 'login'), password, otp || undefined);
  }

  logout(request: HttpRequest): HttpReply {
    const claims = this.#claims(request);
    if (claims) this.#sessions.leave(claims, this.#now());
    const gone = Object.values(COOKIES).map((name) => `${name}=; Path=/; Max-Age=0; SameSite=Strict`);
    return { ...valueReply(true, 0), headers: { 'set-cookie': gone } };
  }

  /** Errors: OTP_SESSION. */
  async who(request: HttpRequest): Promise<Person> {
    refuseForeignPages(request);
    const claims = this.#claims(request);
    if (claims) {
      const [source, id, realm] = JSON.parse(claims.sub) as [string, string, string];
      const person = await this.#parts.realms.findById(source, id, realm);
      if (person && !person.locked) return person;
    }
    throw new GatehouseError('OTP_SESSION', 'No valid session');
  }

  async #enter(
    request: HttpRequest,
    cookie: string,
    name: string,
    password: string,
    otp: string | undefined,
  ): Promise<HttpReply> {
    refuseForeignPages(request);
    const { realms, policy, tokens } = this.#parts;
    const { login, realm } = realms.split(name, request.fields.get('realm'));
    if ([login, realm, password, otp ?? ''].some((text) => text.length > MAX_TEXT)) return valueReply(false, 0);
    if (!(await this.#proves(request, login, realm, { kind: 'password', password }))) return valueReply(false, 0);
    const person = await realms.find(login, realm);
    if (person === null) return valueReply(false, 0);
    const asker = askerOf(person, this.#clientOf(request), this.#parts.clock);
    if (policy.actionValue('selfservice', 'mfa_login', asker)?.value === true) {
      const own = await tokens.ofOwner(person);
      const passes = policy.actionValue('selfservice', 'mfa_passOnNoToken', asker)?.value === true && own.length === 0;
      if (!passes && otp === undefined) {
        const message = 'credential verified - additional authentication parameter required';
        const tokenList: Json = own.filter(({ active }) => active).map(({ serial, type }) => ({ serial, type }));
        return valueReply(false, 0, { message, tokenList });
      }
      // Where the password is the PIN, it was just given.
      const isPin = policy.actionValue('authentication', 'otppin', asker)?.value === 'password';
      const pass = `${isPin ? password : ''}${otp}`;
      if (!passes && !(await this.#proves(request, login, realm, { kind: 'otp', pass }))) return valueReply(false, 0);
    }
    const claims = this.#sessions.begin(JSON.stringify([person.source, person.id, person.realm]), this.#now());
    // Pages have to read it, to bring it as `session`.
    const rest = `Path=/; Max-Age=${TOKEN_SECONDS}; SameSite=Strict${request.secure ? '; Secure' : ''}`;
    return {
      ...valueReply(true, 0),
      headers: { 'set-cookie': [`${cookie}=${this.#sessions.write(claims)}; ${rest}`] },
    };
  }

  async #proves(request: HttpRequest, user: string, domain: string, proof: Proof): Promise<boolean> {
    const time = this.#parts.clock.now();
    const client = this.#clientOf(request);
    const verdict = await this.#parts.gate.prove({
      door: 'otp',
      user,
      domain,
      client,
      proof,
      source: this.#users,
      time,
    });
    return verdict.verdict === 'proven';
  }

  #claims(request: HttpRequest) {
    const session = request.fields.get('session') ?? '';
    for (const name of Object.values(COOKIES)) {
      const cookie = cookieOf(request.headers.cookie, name);
      if (cookie !== undefined && sameSecret(cookie, session)) return this.#sessions.read(cookie, this.#now());
    }
    return undefined;
  }

  #clientOf(request: HttpRequest): Client {
    return this.#parts.clients().of(request);
  }

  #now(): number {
    return Math.floor(this.#parts.clock.now() / 1000);
  }
}

export function askerOf(person: Person, { address }: Client, clock: Clock): Asker {
  const { login: name, realm, source: resolver, attributes } = person;
  return { name, realm, resolver, attributes, client: address, time: new Date(clock.now()) };
}

/** RFC 4648 section 6; what is none of its letters is left out. */
function fromBase32(text: string): string {
  const letters = text.toUpperCase().replace(/[^A-Z2-7]/g, '');
  const bits = [...letters].map((one) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/[01]{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2))).toString('utf8');
}
