/**
 * The client's side of HTTP Digest (RFC 7616): the answer to the challenge of a gateway or proxy. MD5, SHA-256, SHA-512-256; qop auth or none.
 */
import { randomBytes } from 'node:crypto';
import { digestHa1, digestHash } from '../core/proofs/digest-hash.ts';

export interface Login {
  readonly user: string;
  readonly password: string;
}

const ALGORITHMS = ['MD5', 'SHA-256', 'SHA-512-256'] as const;

/** The value of the Authorization header; undefined: the challenge is none that can be answered. `target`: path and query. */
export function answerChallenge(challenge: string, login: Login, method: string, target: string): string | undefined {
  if (!/^\s*digest\s/i.test(challenge)) return undefined;
  const fields = new Map<string, string>();
  for (const [, name, quoted, plain] of challenge.matchAll(/([a-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) {
    fields.set(name!.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain!);
  }
  const [realm, nonce] = [fields.get('realm'), fields.get('nonce')];
  const algorithm = ALGORITHMS.find((one) => one === (fields.get('algorithm') ?? 'MD5').toUpperCase());
  const offered = fields.get('qop');
  const qop = offered?.split(',').some((one) => one.trim().toLowerCase() === 'auth');
  if (realm === undefined || nonce === undefined || algorithm === undefined || qop === false) return undefined;
  const ha1 = digestHa1(Buffer.from(login.user).toString('latin1'), realm, login.password, algorithm);
  const ha2 = digestHash(`${method}:${target}`, algorithm);
  const [nc, cnonce] = ['00000001', randomBytes(12).toString('hex')];
  const response = digestHash(`${ha1}:${nonce}:${qop ? `${nc}:${cnonce}:auth:` : ''}${ha2}`, algorithm);
  const parts = [
    `username=${quote(login.user)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(target)}`,
    `algorithm=${algorithm}`,
    `response="${response}"`,
    ...(fields.has('opaque') ? [`opaque=${quote(fields.get('opaque')!)}`] : []),
    ...(qop ? ['qop=auth', `nc=${nc}`, `cnonce="${cnonce}"`] : []),
  ];
  return `Digest ${parts.join(', ')}`;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
