/** `ndsctl` over its socket, every command: what it prints, and what its exit status says. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runNdsctl } from '../src/cli/ndsctl.ts';
import { Clients } from '../src/doors/portal/clients.ts';
import { DEFAULTS, type PortalSettings } from '../src/doors/portal/config/model.ts';
import { createCommands } from '../src/doors/portal/ctl/commands.ts';
import { listenOnCtlSocket } from '../src/doors/portal/ctl/socket.ts';
import type { Firewall } from '../src/doors/portal/firewall/firewall.ts';
import { MacLists } from '../src/doors/portal/mac-lists.ts';
import type { Sessions } from '../src/doors/portal/sessions.ts';
import { silentLog } from '../src/platform/log.ts';

const NOW = 1_700_000_100_000;
const [ONE, TWO] = ['02:00:5e:10:00:01', '02:00:5e:10:00:02'] as const;
const NONE = { sent: 0, received: 0 };

async function lab(t: TestContext, changes: Partial<PortalSettings> = {}) {
  const settings = { ...DEFAULTS, interface: 'lan', ...changes };
  const clients = new Clients();
  const lists = new MacLists(settings, { list: async () => {} } as unknown as Firewall, () => true);
  const levels: string[] = [];
  let stopped = 0;
  const sessions = {
    full: false,
    count: async () => {},
    newName: () => 'portal:1',
    async open(client: Parameters<Clients['left']>[0], { user }: { user: string }) {
      const terms = {
        started: NOW - 100_000,
        ends: 0,
        before: NONE,
        most: NONE,
        rate: NONE,
        ownRate: false,
        spent: false,
        sent: 5_000,
        received: 2_500_000,
      };
      clients.entered(client, { name: 'portal:1', user, ...terms });
    },
    async close(client: Parameters<Clients['left']>[0]) {
      const wasIn = client.session !== undefined;
      clients.left(client, NOW);
      return wasIn;
    },
  } as unknown as Sessions;
  const run = createCommands({
    settings,
    each: [settings],
    clients,
    sessions,
    lists,
    now: () => NOW,
    startedAt: NOW - 93_784_000,
    shutDown: () => stopped++,
    setLogLevel: (level) => levels.push(level),
    log: silentLog,
  });
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-ndsctl-'));
  const path = join(folder, 'ctl');
  const server = await listenOnCtlSocket(path, run);
  t.after(async () => {
    server.close();
    await once(server, 'close');
    rmSync(folder, { recursive: true });
  });

  async function ndsctl(...words: string[]) {
    const said: string[] = [];
    const io = { out: (text: string) => said.push(text), err: (text: string) => said.push(`! ${text}`) };
    const status = await runNdsctl(['-s', path, ...words], io);
    return [status, said.join('\n')] as const;
  }
  return { path, clients, lists, levels, ndsctl, stops: () => stopped };
}

test('a client is let in and put out by address, card or token', async (t) => {
  const { clients, ndsctl } = await lab(t);
  const client = clients.meet({ interface: 'lan', address: '10.0.0.1', mac: ONE }, NOW);
  for (const nameOf of [() => '10.0.0.1', () => ONE, () => ONE.toUpperCase(), () => client.token]) {
    const name = nameOf();
    assert.deepEqual(await ndsctl('auth', name), [0, `Client ${name} authenticated.`]);
    assert.deepEqual(await ndsctl('auth', '10.0.0.1'), [1, 'Failed to authenticate client 10.0.0.1.'], 'it is in');
    assert.deepEqual(await ndsctl('deauth', ONE), [0, `Client ${ONE} deauthenticated.`]);
  }
  assert.deepEqual(await ndsctl('deauth', ONE), [1, `Client ${ONE} not found.`]);
  assert.deepEqual(await ndsctl('auth', TWO), [1, `Failed to authenticate client ${TWO}.`], 'nobody knows it');
});

test('cards are blocked, trusted and allowed; what is so already is refused', async (t) => {
  const { clients, ndsctl } = await lab(t);
  clients.meet({ interface: 'lan', address: '10.0.0.1', mac: ONE }, NOW);
  for (const [verb, done, undo, undone] of [
    ['block', 'blocked', 'unblock', 'unblocked'],
    ['trust', 'trusted', 'untrust', 'untrusted'],
  ] as const) {
    assert.deepEqual(await ndsctl(verb, ONE), [0, `MAC ${ONE} ${done}.`]);
    assert.deepEqual(await ndsctl(verb, ONE), [1, `Failed to ${verb} MAC ${ONE}.`]);
    assert.deepEqual(await ndsctl(undo, ONE), [0, `MAC ${ONE} ${undone}.`]);
    assert.deepEqual(await ndsctl(undo, ONE), [1, `Failed to ${undo} MAC ${ONE}.`]);
  }
  assert.deepEqual(await ndsctl('allow', ONE), [1, `Failed to allow MAC ${ONE}.`], 'that list is not in use');
  assert.deepEqual(await ndsctl('block', 'no-mac'), [1, 'Failed to block MAC no-mac.']);

  await ndsctl('auth', ONE);
  await ndsctl('block', ONE);
  assert.equal(clients.inside, 0, 'whoever is blocked is out');
  assert.equal((await ndsctl('auth', ONE))[0], 1);

  const only = await lab(t, { mac_mechanism: 'allow', allowed_macs: [ONE] });
  assert.deepEqual(await only.ndsctl('allow', TWO), [0, `MAC ${TWO} allowed.`]);
  assert.deepEqual(await only.ndsctl('unallow', ONE), [0, `MAC ${ONE} unallowed.`]);
  assert.deepEqual(only.lists.all('allowed'), [TWO]);
});

test('clients in lines and as JSON that parses, also with one card at two addresses and a list of trusted ones', async (t) => {
  const { clients, ndsctl } = await lab(t, { trusted_macs: [TWO] });
  assert.deepEqual(await ndsctl('clients'), [0, '0']);
  assert.deepEqual(JSON.parse((await ndsctl('json'))[1]).clients, {});
  const client = clients.meet({ interface: 'lan', address: '10.0.0.1', mac: ONE }, NOW - 200_000);
  await ndsctl('auth', ONE);
  clients.meet({ interface: 'lan', address: '2001:db8::1', mac: ONE }, NOW);
  const { token } = client;
  const fields = {
    ip: '10.0.0.1',
    mac: ONE,
    clientif: 'lan',
    added: '1700000000',
    active: '1699999900',
    duration: '100',
    token,
    state: 'Authenticated',
    downloaded: '2500',
    avg_down_speed: '200.00',
    uploaded: '5',
    avg_up_speed: '0.40',
  };
  const lines = Object.entries({ client_id: '1', ...fields }).map(([name, value]) => `${name}=${value}`);
  assert.ok((await ndsctl('clients'))[1].startsWith(`2\n\n${lines.join('\n')}\n\nclient_id=2\n`));
  const document = JSON.parse((await ndsctl('json'))[1]);
  assert.equal(document.client_list_length, '2');
  assert.deepEqual(document.clients[ONE], { id: '1', ...fields });
  assert.equal(document.clients[`${ONE} 2001:db8::1`].avg_down_speed, '0.00', 'no time, no speed: never `inf`');
  assert.deepEqual([document.trusted_list_length, document.trusted], ['1', [TWO]]);
  assert.deepEqual(JSON.parse((await ndsctl('json', token))[1]), { id: '1', ...fields });
  assert.deepEqual(JSON.parse((await ndsctl('json', '10.9.9.9'))[1]), {});
});

test('status, debug level and stop', async (t) => {
  const { levels, ndsctl, stops } = await lab(t, { binauth: '/etc/p', trusted_macs: [TWO], session_seconds: 60 });
  const [status, text] = await ndsctl('status');
  assert.equal(status, 0);
  for (const line of [
    'Uptime: 1d 2h 3m 4s',
    'BinAuth: /etc/p',
    'Session timeout: 1m 0s',
    `Trusted MAC addresses: ${TWO}`,
  ])
    assert.ok(text.split('\n').includes(line), line);
  for (const level of ['0', '1', '2', '3'])
    assert.deepEqual(await ndsctl('debuglevel', level), [0, `Debug level set to ${level}.`]);
  assert.deepEqual(levels, ['warn', 'info', 'debug', 'debug']);
  assert.deepEqual(await ndsctl('debuglevel', '4'), [1, 'Failed to set debug level to 4.']);
  assert.equal((await ndsctl('stop'))[0], 0);
  assert.equal(stops(), 1);
});

test('a wrong command line is 2, nobody there is 4', async (t) => {
  const { path, ndsctl } = await lab(t);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  for (const words of [
    [],
    ['no'],
    ['auth'],
    ['auth', 'a', 'b'],
    ['auth', ''],
    ['auth', 'a\r\n\r\nstop'],
    ['status', 'x'],
    ['constructor'],
  ])
    assert.equal((await ndsctl(...words))[0], 2, words.join(' '));
  const [status, text] = await ndsctl('-h');
  assert.equal(status, 2);
  assert.match(text, /usage: ndsctl/);
  const said: string[] = [];
  assert.equal(await runNdsctl(['-h'], { out: (one) => said.push(one), err: assert.fail }), 0);
  assert.equal(await runNdsctl(['-s', `${path}.not`, 'status'], { out: assert.fail, err: (one) => said.push(one) }), 4);
});
