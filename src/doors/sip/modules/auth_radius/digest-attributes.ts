/**
 * A digest as a RADIUS server is asked about it, in one of the two forms that there are: the attributes of RFC 5090, or those of the draft
 * that OpenSER spoke (draft-sterman-aaa-sip-00), which packs them into Digest-Attributes, one in each.
 *
 * Texts are latin1, one character per byte.
 */
import { hash } from 'node:crypto';
import type { DigestProof } from '../../../../core/gate/types.ts';
import type { Attribute } from '../../../../platform/radius/attributes.ts';
import { ATTRIBUTE } from '../../../../platform/radius/numbers.ts';

export type DigestForm = 'sterman' | 'rfc5090';

/** Numbers of RFC 5090 section 3, and of the draft within Digest-Attributes. */
const FIELDS = {
  realm: [104, 1],
  nonce: [105, 2],
  method: [108, 3],
  uri: [109, 4],
  qop: [110, 5],
  algorithm: [111, 6],
  body: [112, 7],
  cnonce: [113, 8],
  nc: [114, 9],
  username: [115, 10],
} as const;
type Field = keyof typeof FIELDS;
const RESPONSE: Readonly<Record<DigestForm, number>> = { rfc5090: 103, sterman: 206 };
const DIGEST_ATTRIBUTES = 207;
const LONGEST = 253;

/** Undefined: it does not fit, and nobody has such a name. */
export function digestAttributes(proof: DigestProof, uri: string, form: DigestForm): Attribute[] | undefined {
  const { username, realm, nonce, method, response } = proof;
  const name = username.includes('@') ? username : `${username}@${realm}`;
  const attributes: Attribute[] = [{ type: ATTRIBUTE.userName, value: bytes(name) }];
  const add = (field: Field, text: string) => void attributes.push(packed(FIELDS[field], bytes(text), form));
  add('username', username);
  add('realm', realm);
  add('nonce', nonce);
  add('uri', uri);
  add('method', method);
  // Without it the server takes MD5; those of that time know no other.
  if (proof.algorithm !== 'MD5') add('algorithm', proof.algorithm);
  if (proof.qop !== undefined) {
    add('qop', proof.qop);
    add('nc', proof.nc);
    add('cnonce', proof.cnonce);
    if (proof.qop === 'auth-int') add('body', bodyHash(proof));
  }
  attributes.push({ type: RESPONSE[form], value: bytes(response) });
  return attributes.every(({ value }) => value.length > 0 && value.length <= LONGEST) ? attributes : undefined;
}

function packed([own, within]: (typeof FIELDS)[Field], value: Buffer, form: DigestForm): Attribute {
  if (form === 'rfc5090') return { type: own, value };
  // One that is too long is found so by its own length.
  return { type: DIGEST_ATTRIBUTES, value: Buffer.concat([Buffer.of(within, Math.min(2 + value.length, 255)), value]) };
}

function bodyHash({ algorithm, body }: DigestProof): string {
  const name = algorithm === 'MD5' ? 'md5' : algorithm === 'SHA-256' ? 'sha256' : 'sha512-256';
  return hash(name, bytes(body), 'hex');
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
