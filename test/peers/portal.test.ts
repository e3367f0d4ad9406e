/** The Wi-Fi door in a network of its own: strangers are redirected, logged-in clients get through, and are out when their time is over. */
// peers: nftables iproute2
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderFor } from './children.ts';
import { makeSite } from './gatehouse.ts';
import { GATEWAY, type LabClient, startLab, WEB, WEB6 } from './portal-lab.ts';
import { lastOf, logIn, PORTAL, until } from './portal-steps.ts';

/** What telephones and computers ask to see whether they are online. */
const PROBES = [
  'http://connectivitycheck.gstatic.com/generate_204',
  'http://captive.apple.com/hotspot-detect.html',
  'http://www.msftconnecttest.com/connecttest.txt',
  'http://detectportal.firefox.com/canonical.html',
  'http://clients3.google.com/generate_204',
  'http://nmcheck.gnome.org/check_network_status.txt',
];

const pem = (name: string) => join(import.meta.dirname, '..', 'fixtures', 'tls', name);

/** What a device is told over TLS before it logs in. */
function captiveState({ enter }: LabClient): string {
  const to = {
    host: GATEWAY,
    port: 2443,
    path: '/captive-portal',
    servername: 'localhost',
    headers: { host: 'localhost:2443' },
  };
  const script = `const ca = require('fs').readFileSync(${JSON.stringify(pem('authority.pem'))});
    require('https').get({ ...${JSON.stringify(to)}, ca }, (reply) => reply.pipe(process.stdout))`;
  const [command, ...args] = [...enter, process.execPath, '-e', script];
  const { stdout, stderr } = spawnSync(command!, args, { encoding: 'utf8', timeout: 30_000 });
  return stdout || stderr;
}

test('strangers are redirected, by a click one is in, and out when the time is over', async (t) => {
  const lab = await startLab(t);
  const before = lab.inGateway('nft', 'list', 'ruleset');
  const [one, two] = [await lab.client(1), await lab.client(2)];
  const socket = join(folderFor(t, 'gatehouse-ctl'), 'ndsctl.sock');
  const https = `{ name: localhost, certificate: ${pem('gate.pem')}, key: ${pem('gate.key')} }`;
  const yaml = `portal: { interface: br-lan, https: ${https}, session_seconds: 10, ndsctl_socket: ${socket}, rules: { users-to-router: [allow udp port 53] } }`;
  const site = await makeSite(t, { enter: lab.gateway, yaml });
  const server = await site.start();

  for (const probe of PROBES) {
    const { status, headers } = await one.ask(probe);
    assert.equal(status, 307);
    assert.equal(headers.location, `${PORTAL}/splash.html?redir=${encodeURIComponent(probe)}`);
  }
  assert.equal((await one.ask({ url: `http://[${WEB6}]/` })).status, 307);
  assert.equal((await one.ask(`http://${WEB}:443/`)).error, 'ECONNREFUSED');
  assert.equal((await one.ask(`http://${GATEWAY}:22/`)).error, 'ECONNREFUSED');

  assert.match(captiveState(one), /^\{"captive":true,"user-portal-url":"https:\/\/localhost:2443\/"/);

  const asked = Date.now();
  const done = await logIn(one);
  const answered = Date.now();
  assert.deepEqual([done.status, done.headers.location], [303, PROBES[0]]);
  await one.stream('tcp');
  await one.stream('udp');
  assert.equal((await one.ask(PROBES[0]!)).status, 204);
  assert.equal((await two.ask(PROBES[0]!)).status, 307);

  await until('the session ends', async () => (await one.ask(PROBES[0]!)).status === 307);
  for (const last of await lastOf(one))
    assert.ok(
      last > asked + 8_000 && last < answered + 11_000,
      `the last that got through was sent ${last - answered} ms after the login, for 10 s`,
    );

  assert.equal(await server.stop(), 0);
  assert.equal(lab.inGateway('nft', 'list', 'ruleset'), before);
});
