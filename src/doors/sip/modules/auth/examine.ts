/**
 * All that is checked of a request's credentials before anybody is looked up: no hash is computed and no user asked for until
 * the nonce has proved to be ours.
 *
 * Results: 1 for ACK and CANCEL, which cannot be challenged (RFC 3261 section 22.1); -4 no credentials for the realm, or none of an
 * algorithm that it offers; -3 a nonce that is not ours; 0 after a 400 for what is malformed, -5 where that could not be sent.
 * Order and results as OpenSER's auth.
 */
import type { DigestProof } from '../../../../core/gate/types.ts';
import type { DigestAlgorithm } from '../../../../core/users/types.ts';
import { consistsOf, HEX } from '../../message/chars.ts';
import { type Credentials, parseCredentials } from '../../message/credentials.ts';
import type { Run } from '../../run.ts';
import { algorithmOf, type DigestRules } from './digest-rules.ts';
import type { HeaderPair } from './header-pair.ts';
import { isForOne } from './nonce.ts';
import { automaticRealm, sameRealm } from './realm.ts';
import type { AuthSettings } from './settings.ts';

/** Credentials worth knocking with. */
export interface Found {
  /** Index of their header. */
  readonly header: number;
  /** The username's part before `@`, as it came over the wire. */
  readonly user: string;
  readonly proof: DigestProof;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** `realm` '': found out from the request. */
export function examine(
  run: Run,
  pair: HeaderPair,
  realm: string,
  settings: AuthSettings,
  now: number,
): Found | number {
  const message = run.message;
  if (message.method === 'ACK' || message.method === 'CANCEL') return 1;
  const wanted = realm === '' ? automaticRealm(message, pair, settings.realmPrefix) : realm;
  if (wanted === undefined) return badRequest(run);
  for (
    let index = message.indexOf(pair.credentials);
    index >= 0;
    index = message.indexOf(pair.credentials, index + 1)
  ) {
    const credentials = parseCredentials(message.text, message.valueStart(index), message.valueEnd(index));
    if (credentials === undefined) return badRequest(run);
    if (credentials.scheme !== 'digest' || !sameRealm(credentials.realm, wanted)) continue;
    const rules = settings.rules.of(credentials.realm);
    const algorithm = algorithmOf(credentials.algorithm);
    if (algorithm !== undefined && rules.algorithms.includes(algorithm)) {
      return weigh(run, index, credentials, algorithm, rules, settings, now);
    }
    settings.counters.otherAlgorithm++;
  }
  return -4;
}

function weigh(
  run: Run,
  header: number,
  credentials: Credentials,
  algorithm: DigestAlgorithm,
  { oneTime }: DigestRules,
  settings: AuthSettings,
  now: number,
): Found | number {
  const { username, realm, nonce, uri, response, cnonce, nc } = credentials;
  const qop = qopOf(credentials.qop);
  const sign = username.indexOf('@');
  const user = sign < 0 ? username : username.slice(0, sign);
  if (user === '' || nonce === '' || uri === '' || response === '' || qop === null) return badRequest(run);
  if (sign >= 0 && !sameRealm(username.slice(sign + 1), realm)) return badRequest(run);
  const ncValue = qop === undefined ? 0 : nonceCount(nc);
  if (qop !== undefined && (cnonce === '' || ncValue < 0)) return badRequest(run);
  const state = settings.nonces.check(nonce, now, qop !== undefined || oneTime);
  if (state === 'foreign') return -3;
  if (uri !== run.message.uri) settings.counters.otherUri++;
  const proof: DigestProof = {
    kind: 'digest',
    algorithm,
    username,
    realm,
    nonce,
    uri,
    method: run.message.method,
    response: response.toLowerCase(),
    qop,
    cnonce,
    nc,
    ncValue,
    body: qop === 'auth-int' ? run.message.body : '',
    replay: run.authorised?.header === header ? 'none' : oneTime ? 'nonce' : qop === undefined ? 'none' : 'count',
    expired: state === 'expired' || (oneTime && !isForOne(nonce)),
  };
  return { header, user, proof, time: now };
}

/** Null: none that we know. */
function qopOf(text: string): DigestProof['qop'] | null {
  if (text === '') return undefined;
  if (text === 'auth' || text === 'auth-int') return text;
  const lower = text.toLowerCase();
  return lower === 'auth' || lower === 'auth-int' ? lower : null;
}

/** -1 unless 1 to 8 hex digits. */
function nonceCount(text: string): number {
  return text.length <= 8 && consistsOf(text, HEX) ? Number.parseInt(text, 16) : -1;
}

function badRequest(run: Run): number {
  return run.reply(400, 'Bad Request') ? 0 : -5;
}
