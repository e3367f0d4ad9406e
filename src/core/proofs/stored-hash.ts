/**
 * Passwords against the hashes that other programs keep: crypt(3) (`$1$`, `$5$`, `$6$`), Apache's `$apr1$`, phpass, argon2id, and
 * the LDAP forms `{SHA}`, `{SSHA}`, `{MD5}`, `{SMD5}`, `{SHA256}` … `{SSHA512}`, `{CRYPT}` (RFC 2307 section 5.3, OpenLDAP).
 *
 * Comparisons tell nothing by their time. Errors: HASH_UNSUPPORTED for a form that this server does not compute, in words that say
 * which; a text that is no hash at all (`x`, `*`, `!`) is no password, and fits none.
 */
import { hash } from 'node:crypto';
import { GatehouseError } from '../../platform/errors.ts';
import { sameSecret } from './compare.ts';
import { md5Crypt } from './crypt/md5-crypt.ts';
import { phpass } from './crypt/phpass.ts';
import { shaCrypt } from './crypt/sha-crypt.ts';
import { verifyPassword } from './password.ts';

/** Characters; some schemes take time that grows with the square. */
const LONGEST_PASSWORD = 512;
const LDAP_ALGORITHMS: Readonly<Record<string, string>> = {
  MD5: 'md5',
  SMD5: 'md5',
  SHA: 'sha1',
  SSHA: 'sha1',
  SHA256: 'sha256',
  SSHA256: 'sha256',
  SHA384: 'sha384',
  SSHA384: 'sha384',
  SHA512: 'sha512',
  SSHA512: 'sha512',
};
const UNSUPPORTED: readonly (readonly [RegExp, string])[] = [
  [/^\$2[abxy]?\$/, 'bcrypt'],
  [/^\$(y|gy)\$/, 'yescrypt'],
  [/^\$7\$/, 'scrypt'],
  [/^\$argon2[id]?\$/, 'argon2i or argon2d, or an argon2id of another version'],
  [/^\$sha1\$/, 'sha1crypt'],
  [/^\$md5[$,]/, 'SunMD5'],
  [/^\$3\$/, 'the NT hash'],
  [/^_[./0-9A-Za-z]{19}$/, 'BSDi crypt'],
  [/^[./0-9A-Za-z]{13}$/, 'DES crypt'],
];

export async function fitsStoredHash(password: string, stored: string): Promise<boolean> {
  if (password === '' || password.length > LONGEST_PASSWORD || password.includes('\0')) return false;
  const ldap = /^\{([A-Za-z0-9-]{1,16})\}(.*)$/s.exec(stored);
  if (ldap) {
    const scheme = ldap[1]!.toUpperCase();
    if (scheme === 'CRYPT') return fitsStoredHash(password, ldap[2]!);
    return fitsLdapHash(password, scheme, ldap[2]!);
  }
  if (stored.startsWith('$argon2id$v=19$')) return verifyPassword(password, stored);
  const computed =
    (await shaCrypt(password, stored)) ?? (await md5Crypt(password, stored)) ?? (await phpass(password, stored));
  if (computed !== undefined) return sameSecret(computed, stored);
  const unsupported = UNSUPPORTED.find(([form]) => form.test(stored));
  if (unsupported) throw unsupportedHash(unsupported[1]);
  if (/^\$[^$]+\$/.test(stored)) throw unsupportedHash(`of the kind ${stored.slice(0, 12).replace(/[^$\w,=]/g, '?')}…`);
  return false;
}

function fitsLdapHash(password: string, scheme: string, text: string): boolean {
  const algorithm = LDAP_ALGORITHMS[scheme];
  if (algorithm === undefined) throw unsupportedHash(`{${scheme}}`);
  const kept = Buffer.from(text, 'base64');
  const size = hash(algorithm, '', 'buffer').length;
  const salted = scheme.startsWith('SS') || scheme === 'SMD5';
  if (kept.length < size || (!salted && kept.length > size)) return false;
  const computed = hash(algorithm, Buffer.concat([Buffer.from(password), kept.subarray(size)]), 'buffer');
  return sameSecret(computed.toString('hex'), kept.subarray(0, size).toString('hex'));
}

function unsupportedHash(which: string): GatehouseError {
  return new GatehouseError('HASH_UNSUPPORTED', `the stored password is ${which}, which this server does not compute`, {
    hint: 'keep it as sha512crypt ($6$), argon2id or {SSHA512}; a person who sets a new password there gets one',
  });
}
