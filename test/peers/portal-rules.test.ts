/**
 * Who may go where: strangers into the walled garden only, by address, port, set and name; those that are in, and trusted ones, where their
 * rules say; blocked ones nowhere; a reload changes the rules while they stay in. All of it on one of two interfaces, of which each is for itself. Before that: what is wrong with a start is told in one line, and nothing is changed.
 */
// peers: nftables iproute2
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { SessionInfo } from '../../src/core/doors/types.ts';
import { endWith, folderFor } from './children.ts';
import { makeSite } from './gatehouse.ts';
import {
  type Ask,
  GARDEN,
  GATEWAY,
  type Lab,
  type LabClient,
  NAMED,
  STAFF_GATEWAY,
  startLab,
  WEB,
  WEB6,
} from './portal-lab.ts';
import { logIn, PROBE, runNdsctl, until } from './portal-steps.ts';

/** Nothing comes back, however long one waits. */
const DROPPED = { patienceMs: 1_000 };

test('what is wrong with a start is one line, and nothing is changed', async (t) => {
  const lab = await startLab(t);
  const socket = join(folderFor(t, 'gatehouse-ctl'), 'ctl');
  const nft = (...words: string[]) => lab.inGateway('nft', ...words);
  const refusalOf = async (options: string, prefix: readonly string[] = []): Promise<string> => {
    const yaml = `portal: { ndsctl_socket: ${socket}, ${options} }`;
    const site = await makeSite(t, { enter: [...lab.gateway, ...prefix], yaml });
    const before = nft('list', 'ruleset');
    const said = await site.start().then(
      () => assert.fail(`it starts with ${options}`),
      (error: Error) => error.message.split('\n').filter((line) => /PORTAL_|PORT_/.test(line)),
    );
    assert.equal(said.length, 1, said.join('\n'));
    assert.equal(nft('list', 'ruleset'), before);
    return said[0]!;
  };
  // What a crash has left keeps strangers out, and stays.
  nft('add', 'table', 'inet', 'gatehouse_portal');
  assert.match(
    await refusalOf('interfaces: [{ interface: br-lan }, { interface: nowhere0 }]'),
    /no network interface nowhere0 .*PORTAL_INTERFACE/,
  );
  assert.match(
    await refusalOf('interface: br-lan, address: 10.9.9.9'),
    /br-lan does not have the address 10\.9\.9\.9 .*PORTAL_INTERFACE/,
  );
  const caps = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'];
  assert.match(await refusalOf('interface: br-lan', caps), /Operation not permitted.*PORTAL_RIGHTS/);
  await serve(t, lab, 2050);
  assert.match(await refusalOf('interface: br-lan'), /tcp port 2050 is taken.*PORT_TAKEN/);
  nft('add', 'table', 'ip', 'filter');
  nft('add', 'chain', 'ip', 'filter', 'ndsNET');
  assert.match(await refusalOf('interface: br-lan, port: 2051'), /chain ndsNET of table ip filter.*PORTAL_RIVAL/);
});

/** Says `router` on the gateway. */
async function serve(t: TestContext, { gateway }: Lab, port: number): Promise<void> {
  const script = `require('http').createServer((q, s) => s.end('router')).listen(${port}, '${GATEWAY}', () => console.log('ready'))`;
  const [command, ...args] = [...gateway, process.execPath, '-e', script];
  await once(endWith(t, spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'] })).stdout!, 'data');
}

/** How many packets with the address and the card of somebody on another interface get through. */
async function forged(lab: Lab, { address, mac }: LabClient, { enter }: LabClient): Promise<number> {
  const chain = (name: string, hook: string) =>
    `chain ${name} { type filter hook ${hook} priority 10; iifname br-lan ip saddr ${address} counter; };`;
  lab.inGateway('nft', `table inet seen { ${chain('arrived', 'prerouting')} ${chain('through', 'forward')} }`);
  const counted = (name: string) =>
    Number(/packets (\d+)/.exec(lab.inGateway('nft', 'list', 'chain', 'inet', 'seen', name))?.[1]);
  const within = (command: string, ...args: string[]) => spawnSync(enter[0]!, [...enter.slice(1), command, ...args]);
  within('ip', 'link', 'set', 'eth0', 'address', mac);
  within('ip', 'address', 'add', `${address}/32`, 'dev', 'eth0');
  const send = `const s = require('dgram').createSocket('udp4'); s.bind(0, '${address}', () => s.send('x', 7000, '${WEB}', () => s.close()))`;
  await until('they arrive', async () => {
    within(process.execPath, '-e', send);
    return counted('arrived') > 0;
  });
  const through = counted('through');
  lab.inGateway('nft', 'delete', 'table', 'inet', 'seen');
  return through;
}

const RULES = [
  'users-to-router: [allow tcp port 8000]',
  `preauthenticated-users: [allow tcp port 80 to ${GARDEN}/32, allow tcp port 80 ipset named, allow tcp port 7001:7002]`,
  `authenticated-users: [block to ${GARDEN}, drop udp, allow]`,
  'trusted-users: [block tcp port 7001, allow]',
].join(', ');

test('strangers, those that are in, trusted and blocked ones go where their rules say, over IPv4 and IPv6', async (t) => {
  const lab = await startLab(t);
  const [one, trusted, blocked] = [await lab.client(1), await lab.client(2), await lab.client(3)];
  const staffer = await lab.client(4, 'br-staff');
  await Promise.all([serve(t, lab, 8000), serve(t, lab, 8001)]);
  const socket = join(folderFor(t, 'gatehouse-ctl'), 'ctl');
  const lists = `trusted_macs: ["${trusted.mac}", "${blocked.mac}"], blocked_macs: ["${blocked.mac}"]`;
  const options = `ndsctl_socket: ${socket}`;
  const guests = 'interface: br-lan, address_range: 10.77.0.0/24';
  const interfaces = `interfaces: [{ ${guests}, rules: { ${RULES} } }, { interface: br-staff, name: Staff, trust: false }]`;
  const site = await makeSite(t, { enter: lab.gateway, yaml: `portal: { ${options}, ${lists}, ${interfaces} }` });
  let server = await site.start();
  lab.inGateway('nft', 'add', 'element', 'inet', 'gatehouse_portal', 'ipset_named', `{ ${NAMED} }`);
  const saying = async (client: LabClient, url: string, more: Partial<Ask> = {}) => {
    const { error, status, body } = await client.ask({ url, ...more });
    return error ?? (status === 200 ? body.split(' ', 1)[0]!.trim() : status);
  };
  /** Garden, garden by name, the internet, its IPv6, and two ports of the gateway. */
  const places = [GARDEN, NAMED, WEB, `[${WEB6}]`, `${GATEWAY}:8000`, `${GATEWAY}:8001`];
  const view = async (client: LabClient) => {
    const seen = [];
    for (const place of places) seen.push(await saying(client, `http://${place}/`));
    return seen;
  };

  assert.deepEqual(await view(one), ['internet', 'internet', 307, 307, 'router', 'ECONNREFUSED']);
  assert.equal(await one.stream('tcp'), 'open', 'by port');
  assert.deepEqual(await view(trusted), ['internet', 'internet', 'internet', 'internet', 'router', 'router']);
  assert.equal(await trusted.stream('tcp'), 'ECONNREFUSED');
  for (const place of [GARDEN, WEB, `${GATEWAY}:8000`])
    assert.equal(await saying(blocked, `http://${place}/`, DROPPED), 'ETIMEDOUT', 'blocked counts before trusted');

  await logIn(one);
  const probe6 = `http://[${WEB6}]/generate_204`;
  await until('his address of IPv6 is in, too', async () => (await saying(one, probe6)) === 204);
  assert.deepEqual(await view(one), ['ECONNREFUSED', 'internet', 'internet', 'internet', 'router', 'ECONNREFUSED']);

  const yaml = join(site.folder, 'gatehouse.yaml');
  const before = readFileSync(yaml, 'utf8');
  writeFileSync(yaml, before.replace(`block to ${GARDEN}, `, '').replace('port 8000', 'port 8001'));
  const reloaded = site.run('reload');
  assert.match(reloaded.stdout, /portal\.rules/, reloaded.stderr);
  await until('other rules', async () => (await saying(one, `http://${GARDEN}/`)) === 'internet');
  assert.deepEqual(
    await view(one),
    ['internet', 'internet', 'internet', 'internet', 'ECONNREFUSED', 'router'],
    'he is still in',
  );

  assert.match((await staffer.ask(`http://${STAFF_GATEWAY}:2050/`)).body, /Staff/);
  assert.equal(runNdsctl(socket, 'trust', staffer.mac)[0], 0);
  assert.equal(await saying(staffer, PROBE), 307, 'nobody is trusted there');
  assert.equal((await logIn(staffer)).headers.location, PROBE);
  await server.stop('SIGKILL');
  server = await site.start();
  assert.deepEqual(
    [await saying(staffer, PROBE), await saying(one, PROBE), await saying(one, probe6)],
    [204, 204, 204],
  );
  assert.equal(JSON.parse(runNdsctl(socket, 'json', staffer.mac)[1]).clientif, 'br-staff');
  const ofTwo = JSON.parse(site.run('who', '--json').stdout).sessions.find(
    (it: SessionInfo) => it.client === one.address,
  );
  assert.deepEqual([ofTwo?.detail.interface, ofTwo?.detail.also], ['br-lan', '2001:db8:77::17']);
  const forger = await lab.client(5);
  assert.equal(await forged(lab, staffer, forger), 0);

  assert.equal(site.run('kick', staffer.mac).status, 0);
  const staffs = [await saying(staffer, PROBE), await saying(staffer, `http://[${WEB6}]/`)];
  assert.deepEqual(staffs, [307, 307], 'out with both');
  assert.equal(runNdsctl(socket, 'block', one.mac)[0], 0);
  assert.deepEqual([await saying(one, PROBE, DROPPED), await saying(one, probe6, DROPPED)], ['ETIMEDOUT', 'ETIMEDOUT']);
  assert.equal(await server.stop(), 0);
  assert.notEqual(await forged(lab, staffer, forger), 0, 'without our table nothing else stops them');

  const allowing = `mac_mechanism: allow, allowed_macs: ["${one.mac}"], trusted_macs: ["${trusted.mac}"]`;
  const byName = `garden_domains: [garden.example], garden_resolver: "${WEB}"`;
  const strict = await makeSite(t, {
    enter: lab.gateway,
    yaml: `portal: { ${options}, ${guests}, ${allowing}, ${byName} }`,
  });
  await strict.start();
  assert.deepEqual([await saying(one, PROBE), await saying(trusted, PROBE, DROPPED)], [307, 'ETIMEDOUT']);
  await until('a name is open', async () => (await saying(one, `http://${NAMED}/`)) === 'internet');
  assert.equal(runNdsctl(socket, 'allow', trusted.mac)[0], 0);
  assert.equal(await saying(trusted, PROBE), 204);
});
