/** A supplicant behind equipment, through Gatehouse, to a FreeRADIUS that ends EAP: whom that lets in is let in where the gate does so too. */
// peers: freeradius eapoltest
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { endWith, folderFor } from './children.ts';
import { listening, startFreeRadius } from './freeradius.ts';
import { makeSite } from './gatehouse.ts';
import { freePort } from './ports.ts';

const SECRET = 'a secret of the tests';
const TLS = join(import.meta.dirname, '..', 'fixtures', 'tls');
const BEHIND = 'another secret of the tests';

test('EAP-MD5, EAP-MSCHAPv2 and PEAP with their keys; a wrong password; a user who is locked here; one whom nobody here knows', async (t) => {
  const [port, behind] = [await freePort(), await freePort()];
  const radius = startFreeRadius(t, {
    name: 'freeradius-eap',
    secret: BEHIND,
    sections(folder) {
      const users = ['1000', '1001', 'stranger'].map((name) => `${name} Cleartext-Password := "open sesame"\n`);
      writeFileSync(join(folder, 'users'), users.join(''));
      return `modules {
 eap {
  default_eap_type = md5
  md5 {
  }
  mschapv2 {
  }
  tls-config own {
   private_key_file = ${TLS}/gate.key
   certificate_file = ${TLS}/gate.pem
   ca_file = ${TLS}/authority.pem
   tls_min_version = "1.2"
   tls_max_version = "1.2"
  }
  peap {
   tls = own
   default_eap_type = mschapv2
   virtual_server = inner
  }
 }
 mschap {
 }
 files {
  usersfile = ${folder}/users
 }
}
server default {
${listening('auth', behind)} authorize {
  files
  eap
 }
 authenticate {
  Auth-Type MS-CHAP {
   mschap
  }
  eap
 }
}
server inner {
 authorize {
  files
  eap
 }
 authenticate {
  Auth-Type MS-CHAP {
   mschap
  }
  eap
 }
}
`;
    },
  });
  const yaml = [
    'radius:',
    `  listen: ["127.0.0.1:${port}"]`,
    '  accounting: []',
    `  clients: [{ name: tests, address: 127.0.0.1, secret: ${SECRET} }]`,
    `  eap: { address: "127.0.0.1:${behind}", secret: ${BEHIND} }`,
  ];
  const site = await makeSite(t, { yaml: yaml.join('\n') });
  assert.equal(site.import(['1000,of no account,a@b.example', '1001,of no account,b@b.example']).status, 0);
  assert.equal(site.run('lock', '1001').status, 0);
  await radius;
  const server = await site.start();
  const folder = folderFor(t, 'eapol');

  /** What eapol_test comes to, and how. */
  async function supplicant(method: string, identity: string, password = 'open sesame') {
    const file = join(folder, `${method}-${identity}-${password.length}.conf`);
    const keys = method === 'MD5' ? 'key_mgmt=IEEE8021X\neapol_flags=0' : 'key_mgmt=WPA-EAP';
    const inner = method === 'PEAP' ? `phase2="auth=MSCHAPV2"\nca_cert="${TLS}/authority.pem"\n` : '';
    writeFileSync(
      file,
      `network={\n${keys}\neap=${method}\nidentity="${identity}"\npassword="${password}"\n${inner}}\n`,
    );
    const noKeys = method === 'MD5' ? ['-n'] : [];
    const where = ['-a', '127.0.0.1', '-p', String(port), '-s', SECRET, '-t', '30'];
    const child = spawn('eapol_test', ['-c', file, ...where, ...noKeys]);
    endWith(t, child);
    const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return { end: said.trim().split('\n').at(-1), said };
  }

  const md5 = await supplicant('MD5', '1000');
  assert.equal(md5.end, 'SUCCESS', md5.said + server.output());
  const msChap = await supplicant('MSCHAPV2', '1000');
  assert.equal(msChap.end, 'SUCCESS', msChap.said + server.output());
  assert.match(msChap.said, /MPPE keys OK: 1 +mismatch: 0/);
  // Some ten messages with pieces of a TLS handshake, and keys that come out of it.
  const peap = await supplicant('PEAP', '1000');
  assert.equal(peap.end, 'SUCCESS', peap.said + server.output());
  assert.match(peap.said, /MPPE keys OK: 1 +mismatch: 0/);
  assert.equal((await supplicant('PEAP', '1001')).end, 'FAILURE', 'he is locked here');
  for (const [identity, password] of [
    ['1000', 'wrong'],
    ['1001', 'open sesame'],
    ['stranger', 'open sesame'],
  ] as const) {
    const refused = await supplicant('MD5', identity, password);
    assert.equal(refused.end, 'FAILURE', `${identity}\n${refused.said}`);
    assert.match(
      refused.said,
      /EAP: Status notification: completion \(param=failure\)|CTRL-EVENT-EAP-FAILURE/,
      identity,
    );
  }
});
