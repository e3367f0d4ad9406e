import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../platform/log.ts';
import { ldapOptions, withTime } from './config.ts';
import { escapeFilterValue, filterPattern } from './escape.ts';
import { LdapLinks } from './links.ts';
import { ldapResolver } from './resolver.ts';

const CONFIG = {
  LDAPURI: 'ldaps://a.example, ldap://[::1]:3890',
  LDAPBASE: 'dc=example',
  BINDDN: 'cn=x,dc=example',
  BINDPW: 'geheim',
  LOGINNAMEATTRIBUTE: 'uid',
  LDAPFILTER: '(uid=%s)',
  LDAPSEARCHFILTER: '(uid=*)(objectClass=person)',
  USERINFO: '{"mobile": "mobile"}',
};

test("LinOTP's parameters are read as its forms send them", () => {
  const options = ldapOptions({ ...CONFIG, TIMEOUT: '7;3', EnforceTLS: 'False', UIDTYPE: 'dn', SIZELIMIT: '20' });
  assert.deepEqual(options.servers, [
    { url: 'ldaps://a.example', host: 'a.example', isLdaps: true },
    { url: 'ldap://[::1]:3890', host: '::1', isLdaps: false },
  ]);
  const { searchFilter, timeoutMs, startTls, verify, idType, sizeLimit } = options;
  assert.deepEqual(
    { searchFilter, timeoutMs, startTls, verify, idType, sizeLimit },
    {
      searchFilter: '(&(uid=*)(objectClass=person))',
      timeoutMs: 7_000,
      startTls: false,
      verify: true,
      idType: 'dn',
      sizeLimit: 20,
    },
  );
  assert.equal(ldapOptions({ ...CONFIG, TIMEOUT: '-1' }).timeoutMs, 5_000);
});

test('what cannot work is refused when it is set', async () => {
  const faulty = [
    { LDAPURI: 'http://a.example' },
    { LDAPURI: '' },
    { BINDPW: '' },
    { BINDDN: 'EXTERNAL' },
    { LDAPFILTER: '(uid=x)' },
    { LDAPFILTER: '(uid=%s' },
    { LDAPSEARCHFILTER: '(uid=*' },
    { LOGINNAMEATTRIBUTE: 'a)(b' },
    { USERINFO: '{"mobile": "a=b"}' },
    { TIMEOUT: 'soon' },
    { CACERTIFICATE: '/nowhere/ca.pem' },
    { BASEDNN: 'x' },
  ];
  for (const change of faulty) {
    const opened = ldapResolver.open({ ...CONFIG, ...change }, { name: 'staff', log: silentLog });
    await assert.rejects(opened, { code: 'RESOLVER_CONFIG' }, JSON.stringify(change));
  }
});

test('a value within a filter is no filter', () => {
  assert.equal(escapeFilterValue('a*(b)\\c\0 ü '), 'a\\2a\\28b\\29\\5cc\\00 ü\\20');
  assert.equal(filterPattern('a*(b**'), 'a*\\28b*');
});

test("LinOTP's macro is the time, in the directory's own way of counting", () => {
  assert.equal(withTime('(x>=%(now)s)', 1_500), '(x>=1)');
  assert.equal(withTime('(&(accountExpires>=%(now)s)(a=b))', 0), '(&(accountExpires>=116444736000000000)(a=b))');
});

test('no password is tried that is empty', async () => {
  // No server is there that could say yes.
  const links = new LdapLinks(ldapOptions({ ...CONFIG, LDAPURI: 'ldap://127.0.0.1:9', EnforceTLS: 'false' }));
  assert.equal(await links.proves('uid=alice,dc=example', ''), false);
  assert.equal(await links.proves('', 'secret'), false);
  await assert.rejects(links.proves('uid=alice,dc=example', 'secret'), /ECONNREFUSED/);
  await links.close();
  await assert.rejects(
    links.ask(async () => 1),
    /the resolver was changed/,
  );
});
