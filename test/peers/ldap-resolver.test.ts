// peers: slapd
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { silentLog } from '../../src/platform/log.ts';
import { ldapResolver } from '../../src/sources/ldap/resolver.ts';
import { startSlapd } from './slapd.ts';

const BASE = 'ou=people,dc=example,dc=com';

function person(uid: string, more: readonly string[] = [], rdn = `uid=${uid}`): string {
  const lines = ['objectClass: inetOrgPerson', `uid: ${uid}`, `cn: ${uid}`, 'sn: Example', ...more];
  return [`dn: ${rdn},${BASE}`, ...lines].join('\n');
}

const LDIF = [
  'dn: dc=example,dc=com\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example',
  `dn: ${BASE}\nobjectClass: organizationalUnit\nou: people`,
  person('alice', [
    'mobile: +12025550100',
    'mobile: +12025550101',
    'mail: alice@a.example',
    'givenName:: w5xuYWw=',
    'userPassword: secret',
  ]),
  person('b*b(1)', ['mail: bob@a.example', 'userPassword: geheim'], 'cn=b*b(1)\\2C jr.'),
  person('carol'),
  person('twin', [], 'cn=twin1'),
  person('twin', [], 'cn=twin2'),
  'dn: ou=rooms,ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: rooms',
  ...Array.from({ length: 450 }, (_, i) => person(`many${i}`)),
].join('\n\n');

const CONFIG = {
  LDAPBASE: BASE,
  BINDDN: 'cn=admin,dc=example,dc=com',
  BINDPW: 's@cret',
  LOGINNAMEATTRIBUTE: 'uid',
  LDAPFILTER: '(&(uid=%s)(objectClass=inetOrgPerson))',
  LDAPSEARCHFILTER: '(uid=*)(objectClass=inetOrgPerson)',
  USERINFO: '{"username":"uid","mobile":"mobile","email":"mail","surname":"sn","givenname":"givenName"}',
  UIDTYPE: 'entryUUID',
  TIMEOUT: '5',
};

function open(config: Record<string, unknown>) {
  return ldapResolver.open({ ...CONFIG, ...config }, { name: 'staff', log: silentLog });
}

test('a directory, over TLS, with its restarts and the names that want to be filters', async (t) => {
  const server = await startSlapd(t, LDIF);
  // Nobody listens on the first one's port.
  const LDAPURI = `ldap://127.0.0.1:9, ${server.url}`;
  const staff = await open({ LDAPURI, CACERTIFICATE: server.caFile });
  t.after(() => staff.close());
  const hostile = ['*', 'al*', 'alice)(uid=*', 'x)(|(uid=*', '', 'nobody', 'a\\2a', 'alice\0', '\\'];
  const [alice, bob, twin, ...others] = await staff.byLogin(['alice', 'b*b(1)', 'twin', ...hostile]);
  assert.match(alice?.id ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.deepEqual(alice?.attributes, {
    username: 'alice',
    userid: alice?.id,
    mobile: '+12025550100',
    email: 'alice@a.example',
    surname: 'Example',
    givenname: 'Ünal',
  });
  assert.equal(bob?.login, 'b*b(1)');
  assert.equal(twin, null, 'two entries are nobody');
  assert.deepEqual(
    others,
    hostile.map(() => null),
  );
  const ids = await staff.byId([alice!.id, bob!.id, 'x', '*', `${alice!.id})(uid=*`, '']);
  assert.deepEqual(
    ids.map((one) => one?.login ?? null),
    ['alice', 'b*b(1)', null, null, null, null],
  );

  const found = async (filter: Record<string, string>, limit = 1000) => {
    const { records, more } = await staff.search(filter, limit);
    return [...records.map(({ login }) => login), ...(more ? ['…'] : [])];
  };
  assert.deepEqual(await found({ username: 'AL*', email: '*@a.example' }), ['alice']);
  assert.deepEqual(await found({ username: 'b*b(*' }), ['b*b(1)']);
  assert.deepEqual(await found({ username: 'x)(uid=*' }), []);
  assert.deepEqual(await found({ shoesize: '*' }), []);
  assert.equal((await found({ username: 'many*' })).length, 450, 'over pages');
  assert.deepEqual((await found({ username: 'many*' }, 7)).slice(7), ['…']);

  assert.equal(await staff.checkPassword(alice!.id, 'secret'), true);
  assert.equal(await staff.checkPassword(alice!.id, 'Secret'), false);
  assert.equal(await staff.checkPassword(alice!.id, ''), false, 'no unauthenticated bind');
  assert.equal(await staff.checkPassword(bob!.id, 'geheim'), true, 'whose DN needs its escapes');
  const [carol] = await staff.byLogin(['carol']);
  assert.equal(await staff.checkPassword(carol!.id, 'x'), false, 'an entry without a password');
  assert.equal(await staff.checkPassword('nobody', 'x'), false);

  await server.stop();
  await assert.rejects(staff.byLogin(['alice']), { code: 'RESOLVER_UNAVAILABLE', message: /ECONNREFUSED/ });
  await assert.rejects(staff.checkPassword(alice!.id, 'secret'), { code: 'RESOLVER_UNAVAILABLE' });
  await server.start();
  assert.equal((await staff.byLogin(['alice']))[0]?.id, alice!.id);
  await server.stop();
  await server.start();
  assert.equal((await staff.byLogin(['alice']))[0]?.id, alice!.id, 'by a connection that was lost while nobody asked');

  const byDn = await open({ LDAPURI: server.ldapsUrl, CACERTIFICATE: server.caFile, UIDTYPE: 'DN' });
  t.after(() => byDn.close());
  const [again] = await byDn.byLogin(['b*b(1)']);
  assert.match(again!.id, /^cn=b\*b\(1\)\\2C jr\.,ou=people/i);
  assert.equal((await byDn.byId([again!.id]))[0]?.login, 'b*b(1)');
  assert.equal(await byDn.checkPassword(again!.id, 'geheim'), true);
  const rooms = `ou=rooms,${BASE}`;
  assert.deepEqual(await byDn.byId([rooms, 'no dn', 'uid=gone,dc=example,dc=com']), [null, null, null]);

  for (const [config, said] of [
    [{ LDAPURI: server.ldapsUrl }, /self-signed|certificate/],
    [{ LDAPURI: server.url }, /self-signed|certificate/],
    [{ LDAPURI: server.url, EnforceTLS: 'False', BINDPW: 'wrong' }, /refuses BINDDN/],
  ] as const) {
    const faulty = await open(config);
    await assert.rejects(faulty.byLogin(['alice']), { code: 'RESOLVER_UNAVAILABLE', message: said });
    await faulty.close();
  }
  const trusting = await open({ LDAPURI: server.url, only_trusted_certs: 'False' });
  assert.equal((await trusting.byLogin(['alice']))[0]?.login, 'alice');
  await trusting.close();
});

test('a server that answers nothing is given up in time, and the next one asked', async (t) => {
  const server = await startSlapd(t, LDIF);
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  t.after(() => silent.close());
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as { port: number };
  const staff = await open({ LDAPURI: `ldap://127.0.0.1:${port} ${server.url}`, EnforceTLS: 'False', TIMEOUT: '2' });
  t.after(() => staff.close());
  assert.equal((await staff.byLogin(['alice']))[0]?.login, 'alice');
  await server.freeze();
  await assert.rejects(staff.byLogin(['alice']), { code: 'RESOLVER_UNAVAILABLE' });
  server.thaw();
  assert.equal((await staff.byLogin(['carol']))[0]?.login, 'carol');
});
