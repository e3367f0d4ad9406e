import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { GatehouseError } from '../errors.ts';
import { readClientConfig } from './client-config.ts';

function site(t: TestContext, conf: string, servers = 'localhost/radius.example.com secret1\n192.0.2.9\tsecret2\n') {
  const folder = mkdtempSync(join(tmpdir(), 'radiusclient-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'radiusclient.conf'), conf);
  writeFileSync(join(folder, 'servers'), `# Server\tkey\n${servers}`);
  return { folder, read: () => readClientConfig(join(folder, 'radiusclient.conf')) };
}

/** As radiusclient-ng installs it, shortened. */
const SHIPPED = `# General settings
auth_order	radius,local
login_tries	4
nologin /etc/nologin
# RADIUS settings
authserver 	Radius.example.com:1645
authserver 	192.0.2.9
acctserver 	localhost
servers		servers
dictionary 	/etc/radiusclient-ng/dictionary
seqfile		/var/run/radius.seq
default_realm
radius_timeout	5
radius_retries	2
bindaddr	*
login_local	/bin/login
`;

test('the file as it is shipped, with two servers whose secrets stand elsewhere', (t) => {
  assert.deepEqual(site(t, SHIPPED).read(), {
    servers: [
      { host: 'radius.example.com', port: 1645, secret: 'secret1' },
      { host: '192.0.2.9', port: 1812, secret: 'secret2' },
    ],
    dictionary: '/etc/radiusclient-ng/dictionary',
    bind: undefined,
    timeout: 5000,
    tries: 2,
    deadTime: 30_000,
  });
});

test('a secret in the line itself, an IPv6 address, an address of ours', (t) => {
  const { read } = site(t, 'authserver [2001:db8::1]:1812:own:secret, b:1:c\nbindaddr 192.0.2.1\nradius_deadtime 0');
  const { servers, bind, deadTime } = read();
  assert.deepEqual(servers, [
    { host: '2001:db8::1', port: 1812, secret: 'own:secret' },
    { host: 'b', port: 1, secret: 'c' },
  ]);
  assert.deepEqual([bind, deadTime], ['192.0.2.1', 0]);
});

for (const [what, conf, place, message] of [
  ['no server', 'servers servers', '', /names no authserver/],
  ['no secret', 'servers servers\nauthserver elsewhere', ':2', /no secret for elsewhere/],
  ['no secrets at all', 'authserver localhost', ':1', /no secret for localhost/],
  ['no port', 'servers servers\nauthserver localhost:70000', ':2', /write authserver HOST/],
  ['no number', 'servers servers\nauthserver localhost\nradius_timeout 0', ':3', /radius_timeout must be/],
  ['too many', `servers servers\n${'authserver localhost\n'.repeat(9)}`, '', /more than 8 servers/],
] as const) {
  test(`${what}: told with its place`, (t) => {
    const { folder, read } = site(t, conf);
    assert.throws(read, ({ code, message: said, where, hint = '' }: GatehouseError) => {
      assert.deepEqual([code, where], ['RADIUS_CLIENT_CONFIG', `${join(folder, 'radiusclient.conf')}${place}`]);
      assert.doesNotMatch(said + hint, /secret[12]/);
      return message.test(said);
    });
  });
}

test('a file that is not there, that is too large, and a line of secrets that has none', (t) => {
  assert.throws(() => readClientConfig('/nowhere/radiusclient.conf'), { code: 'RADIUS_CLIENT_CONFIG' });
  assert.throws(site(t, `# ${'x'.repeat(1 << 20)}`).read, /more than 1048576 bytes/);
  assert.throws(site(t, SHIPPED, 'localhost').read, /write HOST SECRET/);
});
