/**
 * What an LDAP resolver is told, by LinOTP's names.
 *
 * Errors: RESOLVER_CONFIG.
 */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import {
  mapText,
  numberText,
  optionalText,
  readResolverConfig,
  requiredText,
  switchText,
} from '../../core/realms/config-text.ts';
import type { ResolverConfig } from '../../core/realms/types.ts';
import { GatehouseError } from '../../platform/errors.ts';

const attribute = z.string().regex(/^[A-Za-z0-9.;-]{1,128}$/, 'is no name of an attribute');
const options = z.strictObject({
  LDAPURI: requiredText(2000),
  LDAPBASE: z.string().trim().max(2000),
  BINDDN: optionalText(2000),
  BINDPW: z.string().max(1000).optional(),
  LOGINNAMEATTRIBUTE: z.string().trim().pipe(attribute),
  LDAPFILTER: requiredText(4000),
  LDAPSEARCHFILTER: requiredText(4000),
  USERINFO: mapText().pipe(z.record(z.string(), attribute)),
  UIDTYPE: optionalText(64).pipe(attribute.default('DN')),
  EnforceTLS: switchText(true),
  only_trusted_certs: switchText(true),
  CACERTIFICATE: optionalText(20_000),
  TIMEOUT: optionalText(32),
  SIZELIMIT: numberText(1, 10_000, 500),
  NOREFERRALS: switchText(true),
  PROXY: switchText(false),
});
const EXAMPLES = {
  LDAPURI: 'ldaps://ldap1.example.com, ldaps://ldap2.example.com',
  LDAPBASE: 'ou=people,dc=example,dc=com',
  BINDDN: 'cn=gatehouse,dc=example,dc=com',
  BINDPW: '…',
  LOGINNAMEATTRIBUTE: 'uid',
  LDAPFILTER: '(&(uid=%s)(objectClass=inetOrgPerson))',
  LDAPSEARCHFILTER: '(uid=*)(objectClass=inetOrgPerson)',
  USERINFO: '{"username":"uid","mobile":"mobile","email":"mail","surname":"sn","givenname":"givenName"}',
  UIDTYPE: 'entryUUID',
  EnforceTLS: 'true',
  only_trusted_certs: 'true',
  CACERTIFICATE: '/etc/ssl/certs/ldap-ca.pem',
  TIMEOUT: '5',
  SIZELIMIT: '500',
  NOREFERRALS: 'true',
  PROXY: 'false',
};
const USUAL_SECONDS = 5;
const MOST_SECONDS = 30;

export interface LdapServer {
  readonly url: string;
  readonly host: string;
  readonly isLdaps: boolean;
}

export interface LdapOptions {
  /** In the order in which they are tried. */
  readonly servers: readonly LdapServer[];
  readonly base: string;
  readonly bindDn: string;
  readonly bindPassword: string;
  readonly loginAttribute: string;
  /** With %s for the login. */
  readonly loginFilter: string;
  /** One filter. */
  readonly searchFilter: string;
  /** Attributes by the names of LinOTP. */
  readonly attributes: Readonly<Record<string, string>>;
  /** `dn`, or the attribute that ids are taken from. */
  readonly idType: string;
  readonly startTls: boolean;
  readonly verify: boolean;
  /** PEM; undefined: those that the system knows. */
  readonly ca: string | undefined;
  /** Of connecting, and of each answer. */
  readonly timeoutMs: number;
  readonly sizeLimit: number;
}

export function ldapOptions(config: ResolverConfig): LdapOptions {
  const given = readResolverConfig(options, config, EXAMPLES);
  const { BINDDN: bindDn = '', BINDPW: bindPassword = '', LDAPFILTER: loginFilter } = given;
  if (/^(PLAIN|EXTERNAL)$/i.test(bindDn)) throw wrong('BINDDN', 'is no name of an entry');
  // A name without a password would be let in as nobody (RFC 4513 section 5.1.2).
  if (bindDn !== '' && bindPassword === '') throw wrong('BINDPW', 'is missing: a BINDDN without it proves nothing');
  if (!loginFilter.includes('%s')) throw wrong('LDAPFILTER', 'must have %s where the login stands');
  const searchFilter = `(&${given.LDAPSEARCHFILTER})`;
  return {
    servers: given.LDAPURI.split(/[\s,]+/)
      .filter(Boolean)
      .map(serverOf),
    base: given.LDAPBASE,
    bindDn,
    bindPassword,
    loginAttribute: given.LOGINNAMEATTRIBUTE,
    loginFilter,
    searchFilter,
    attributes: given.USERINFO,
    idType: given.UIDTYPE.toLowerCase() === 'dn' ? 'dn' : given.UIDTYPE,
    startTls: given.EnforceTLS,
    verify: given.only_trusted_certs,
    ca: caOf(given.CACERTIFICATE),
    timeoutMs: timeoutOf(given.TIMEOUT),
    sizeLimit: given.SIZELIMIT,
  };
}

function serverOf(url: string): LdapServer {
  const parsed = URL.parse(url);
  if (!parsed || !/^ldaps?:$/.test(parsed.protocol) || parsed.hostname === '')
    throw wrong('LDAPURI', `${JSON.stringify(url.slice(0, 80))} is no address of a directory`);
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  return { url: `${parsed.protocol}//${parsed.host}`, host, isLdaps: parsed.protocol === 'ldaps:' };
}

/** LinOTP's only macro: the time, in seconds since 1970, for Active Directory in 100 ns since 1601. */
export function withTime(filter: string, now = Date.now()): string {
  if (!filter.includes('%(now)s')) return filter;
  const seconds = BigInt(Math.floor(now / 1000));
  const isAd = /sAMAccountName|accountExpires/i.test(filter);
  return filter.replaceAll('%(now)s', String(isAd ? (seconds + 11_644_473_600n) * 10_000_000n : seconds));
}

function caOf(given: string | undefined): string | undefined {
  if (given === undefined || given.includes('-----BEGIN')) return given;
  try {
    return readFileSync(given, 'utf8');
  } catch (cause) {
    throw wrong('CACERTIFICATE', `cannot be read: ${(cause as NodeJS.ErrnoException).code}`);
  }
}

/** Seconds; of LinOTP's `connect;answer` the larger one. */
function timeoutOf(text = ''): number {
  const seconds = text.split(';').map(Number);
  if (text !== '' && seconds.some((one) => Number.isNaN(one))) throw wrong('TIMEOUT', 'is no number of seconds');
  const longest = Math.max(...seconds);
  return 1000 * Math.min(longest > 0 ? longest : USUAL_SECONDS, MOST_SECONDS);
}

export function wrong(where: keyof typeof EXAMPLES, message: string): GatehouseError {
  return new GatehouseError('RESOLVER_CONFIG', message, { where, hint: `for example ${where}=${EXAMPLES[where]}` });
}
