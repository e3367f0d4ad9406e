/**
 * Answers the challenge of the gateway that numbers are called by. Source: RFC 3261 section 22.2, RFC 7616 section 3.4.
 *
 * Undefined where the challenge wants what is not spoken here.
 */
import { randomBytes } from 'node:crypto';
import { digestResponse } from '../../../core/proofs/digest.ts';
import { digestHa1 } from '../../../core/proofs/digest-hash.ts';
import type { DigestAlgorithm } from '../../../core/users/types.ts';
import { parseCredentials } from '../message/credentials.ts';
import { Header } from '../message/header-names.ts';
import type { SipMessage } from '../message/message.ts';

export interface TrunkLogin {
  readonly username: string;
  readonly password: string;
}

const ALGORITHMS: readonly DigestAlgorithm[] = ['SHA-512-256', 'SHA-256', 'MD5'];

/** A whole header line with CRLF, to be sent with the same request again. */
export function digestAnswer(response: SipMessage, method: string, uri: string, login: TrunkLogin): string | undefined {
  const isProxy = response.status === 407;
  const id = isProxy ? Header.proxyAuthenticate : Header.wwwAuthenticate;
  for (let at = response.indexOf(id); at >= 0; at = response.indexOf(id, at + 1)) {
    const value = answerTo(response.valueAt(at), method, uri, login);
    if (value !== undefined) return `${isProxy ? 'Proxy-Authorization' : 'Authorization'}: ${value}\r\n`;
  }
  return undefined;
}

function answerTo(challenge: string, method: string, uri: string, login: TrunkLogin): string | undefined {
  const { username, password } = login;
  // A challenge has the grammar of credentials.
  const asked = parseCredentials(challenge);
  if (asked?.scheme !== 'digest' || asked.nonce === '') return undefined;
  const named = asked.algorithm === '' ? 'MD5' : asked.algorithm.toUpperCase();
  const algorithm = ALGORITHMS.find((one) => one === named);
  const offered = asked.qop.toLowerCase().split(/[ \t]*,[ \t]*/);
  const qop = asked.qop === '' ? undefined : offered.includes('auth') ? 'auth' : null;
  if (algorithm === undefined || qop === null) return undefined;
  const { realm, nonce, opaque } = asked;
  const cnonce = randomBytes(12).toString('hex');
  const nc = '00000001';
  const response = digestResponse(
    {
      ...{ kind: 'digest', algorithm, username, realm, nonce, uri, method, qop, cnonce, nc, ncValue: 1, body: '' },
      ...{ replay: 'none', expired: false },
    },
    digestHa1(username, realm, password, algorithm),
  );
  const parts = [
    `username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(opaque === '' ? [] : [`opaque=${quoted(opaque)}`]),
    ...(qop === undefined ? [] : [`qop=${qop}`, `nc=${nc}`, `cnonce="${cnonce}"`]),
  ];
  return `Digest ${parts.join(', ')}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
