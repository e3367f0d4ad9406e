/** The resolver of a directory; the LDAP client is loaded when one is first opened. */
import type { ResolverClass } from '../../core/realms/source.ts';
import { ldapOptions } from './config.ts';

const MOST_WAIT_MS = 60_000;

export const ldapResolver: ResolverClass = {
  type: 'ldapresolver',
  className: 'LDAPIdResolver',
  secrets: ['BINDPW'],
  target: ['LDAPURI', 'BINDDN', 'EnforceTLS', 'only_trusted_certs', 'CACERTIFICATE'],
  check(config) {
    const { servers, timeoutMs } = ldapOptions(config);
    // Each server may be tried in vain, and a lost connection once more.
    return { waitMs: Math.min(timeoutMs * (servers.length + 2), MOST_WAIT_MS) };
  },
  async open(config, tools) {
    const options = ldapOptions(config);
    const { ldapSource } = await import('./source.ts');
    return ldapSource(options, tools);
  },
};
