/** The Wi-Fi door in a network of its own: strangers are redirected, logged-in clients get through, and are out when their time is over. */
// peers: nftables iproute2
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderFor } from './children.ts';
import { makeSite, type Site } from './gatehouse.ts';
import { GATEWAY, type LabClient, startLab, WEB, WEB6 } from './portal-lab.ts';
import { logIn, PORTAL, until } from './portal-steps.ts';

/** What telephones and computers ask to see whether they are online. */
const PROBES = [
  'http://connectivitycheck.gstatic.com/generate_204',
  'http://captive.apple.com/hotspot-detect.html',
  'http://www.msftconnecttest.com/connecttest.txt',
  'http://detectportal.firefox.com/canonical.html',
  'http://clients3.google.com/generate_204',
  'http://nmcheck.gnome.org/check_network_status.txt',
];

test('strangers are redirected, by a click one is in, and out when the time is over', async (t) => {
  const lab = await startLab(t);
  const before = lab.inGateway('nft', 'list', 'ruleset');
  const [one, two] = [await lab.client(1), await lab.client(2)];
  const socket = join(folderFor(t, 'gatehouse-ctl'), 'ndsctl.sock');
  const yaml = `portal: { interface: br-lan, session_seconds: 10, ndsctl_socket: ${socket}, rules: { users-to-router: [allow udp port 53] } }`;
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

  const done = await logIn(one);
  assert.deepEqual([done.status, done.headers.location], [303, PROBES[0]]);
  await one.stream('tcp');
  await one.stream('udp');
  assert.equal((await one.ask(PROBES[0]!)).status, 204);
  assert.equal((await two.ask(PROBES[0]!)).status, 307);
  const { expires: ends } = onlySession(site);

  await until('the session ends', async () => (await one.ask(PROBES[0]!)).status === 307);
  for (const last of await lastOf(one))
    assert.ok(last > ends - 2_000 && last < ends + 1_000, `the last that got through was ${last - ends} ms late`);

  await logIn(one);
  await one.stream('tcp');
  await one.stream('udp');
  assert.equal(site.run('kick', onlySession(site).session).status, 0);
  const kicked = Date.now();
  for (const last of await lastOf(one)) assert.ok(last < kicked, `something got through ${last - kicked} ms later`);

  assert.equal(await server.stop(), 0);
  assert.equal(lab.inGateway('nft', 'list', 'ruleset'), before);
});

/** What got through last on its streams, in both directions, once they are cut: when it was sent. */
async function lastOf(client: LabClient): Promise<[to: number, from: number]> {
  let last: [number, number] = [0, 0];
  await until('nothing is heard any more', async () => {
    const { to, from } = await client.lastBeats();
    last = [to, from];
    return Math.max(to, from) < Date.now() - 1_500;
  });
  return last;
}

function onlySession(site: Site): { session: string; expires: number } {
  const { sessions } = JSON.parse(site.run('who', '--json').stdout) as { sessions: ReturnType<typeof onlySession>[] };
  assert.equal(sessions.length, 1);
  return sessions[0]!;
}
