/**
 * The signed text that says who is logged in (JSON Web Token, RFC 7519, signed by HMAC-SHA-256, RFC 7515). It lives half an hour; a
 * session is a row of them, each made from the one before it, so that leaving ends them all.
 *
 * Only this one algorithm is read. Times in seconds since the epoch, as the RFC has them.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { sameSecret } from '../../../core/proofs/compare.ts';

export const TOKEN_SECONDS = 30 * 60;
const MAX_LENGTH = 2048;
const HEADER = encode({ typ: 'JWT', alg: 'HS256' });

export interface Claims {
  readonly sub: string;
  /** Of the session: it stays when the token is renewed. */
  readonly jti: string;
  /** What the header X-CSRF-TOKEN must say; stays too. */
  readonly csrf: string;
  readonly iat: number;
  readonly exp: number;
}

export class SessionTokens {
  readonly #key: KeyObject;
  /** Sessions that were left, with the second from which no token of theirs is valid any more. */
  readonly #left = new Map<string, number>();

  constructor(key: Buffer) {
    this.#key = createSecretKey(key);
  }

  begin(name: string, now: number): Claims {
    const secret = () => randomBytes(18).toString('base64url');
    return { sub: name, jti: secret(), csrf: secret(), iat: now, exp: now + TOKEN_SECONDS };
  }

  /** The same session, for half an hour more; the claims themselves while they have most of their time. */
  renew(claims: Claims, now: number): Claims {
    return claims.exp - now > TOKEN_SECONDS / 2 ? claims : { ...claims, iat: now, exp: now + TOKEN_SECONDS };
  }

  write(claims: Claims): string {
    const text = `${HEADER}.${encode(claims)}`;
    return `${text}.${this.#sign(text)}`;
  }

  /** Undefined: not one of ours, too old, or left. */
  read(token: string, now: number): Claims | undefined {
    if (token.length > MAX_LENGTH) return undefined;
    const end = token.lastIndexOf('.');
    if (!token.startsWith(`${HEADER}.`) || end <= HEADER.length) return undefined;
    const text = token.slice(0, end);
    if (!sameSecret(token.slice(end + 1), this.#sign(text))) return undefined;
    const claims = JSON.parse(Buffer.from(text.slice(HEADER.length + 1), 'base64url').toString()) as Claims;
    return claims.exp > now && !this.#left.has(claims.jti) ? claims : undefined;
  }

  leave({ jti }: Claims, now: number): void {
    for (const [one, until] of this.#left) if (until <= now) this.#left.delete(one);
    this.#left.set(jti, now + TOKEN_SECONDS);
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
