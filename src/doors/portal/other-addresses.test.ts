/** One login for all of a card's addresses: which come in, that they count together and go together, and how many there are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gate } from '../../core/gate/types.ts';
import type { Journal } from '../../core/journal/types.ts';
import { silentLog } from '../../platform/log.ts';
import { Clients, type Place } from './clients.ts';
import { DEFAULTS } from './config/model.ts';
import { Firewall } from './firewall/firewall.ts';
import { OtherAddresses } from './other-addresses.ts';
import { Sessions } from './sessions.ts';
import type { StoredSession } from './stored-sessions.ts';

const NONE = { sent: 0, received: 0 };
const [ONE, TWO] = ['02:00:5e:10:00:01', '02:00:5e:10:00:02'] as const;
const on = (card: string, address: string, mac: string): Place => ({ interface: card, address, mac });
const session = (name: string) => {
  const terms = {
    started: 0,
    ends: 0,
    before: NONE,
    most: { sent: 0, received: 9_000 },
    rate: NONE,
    ownRate: false,
    spent: false,
  };
  return { name, user: 'u', ...terms, ...NONE };
};

function lab() {
  const world = { now: 1_000, neighbours: [] as Place[], counted: new Map<string, number>(), texts: [] as string[] };
  const firewall = new Firewall({
    apply: async (text) => void world.texts.push(text),
    async list() {
      const elements = (family: string) =>
        [...world.counted]
          .filter(([address]) => address.includes(':') === (family === '6'))
          .map(([val, bytes]) => ({ elem: { val, counter: { bytes } } }));
      const sets = ['4', '6'].map((family) => ({ set: { name: `sent${family}`, elem: elements(family) } }));
      return JSON.stringify({ nftables: sets });
    },
  });
  const clients = new Clients();
  const clock = { now: () => world.now, monotonic: () => world.now };
  const sessions = new Sessions({
    settings: DEFAULTS,
    settingsOn: () => DEFAULTS,
    clients,
    firewall,
    gate: { ended: () => [] } as unknown as Gate,
    journal: { append() {} } as unknown as Journal,
    clock,
    log: silentLog,
    record: () => [],
    tell() {},
  });
  const others = new OtherAddresses({
    clients,
    sessions,
    neighbours: async () => world.neighbours,
    clock,
    log: silentLog,
  });
  const enter = (place: Place) => {
    const client = clients.meet(place, world.now);
    clients.entered(client, session(`portal:${place.address}`));
    return client;
  };
  return { world, clients, sessions, others, enter };
}

test('addresses of a card that is in come in with it, and nobody else', async () => {
  const { world, clients, others, enter } = lab();
  const client = enter(on('a', '10.0.0.1', ONE));
  const own = enter(on('a', '2001:db8::5', ONE));
  clients.left(own, 0);
  const busy = clients.meet(on('a', '2001:db8::6', ONE), 0);
  busy.busy = true;
  const taken = enter(on('a', '2001:db8::7', TWO));
  world.neighbours = [
    on('a', '2001:db8::5', ONE), // known as a stranger until now
    on('a', '2001:db8::6', ONE), // about to log in
    on('a', '2001:db8::7', ONE), // somebody else is in there
    on('a', '10.0.0.2', ONE), // a second one of IPv4
    on('b', '2001:db8::8', ONE), // on another interface
    on('a', '2001:db8::9', '02:00:5e:10:00:03'), // a stranger's
    on('a', '10.0.0.3', TWO), // the one of IPv4 to a login over IPv6
  ];
  await others.look();
  assert.deepEqual([[...client.also.keys()], [...taken.also.keys()]], [['2001:db8::5'], ['10.0.0.3']]);
  assert.equal(clients.meet(on('a', '2001:db8::5', ONE), 5), client, 'his session is that of the other address');
  assert.equal(clients.insideAt('2001:db8::5'), client);
  assert.match(world.texts.join(''), /most_got6 \{ 2001:db8::5 : "got_10_0_0_1" \}/, 'one volume for both');
  world.neighbours.push(on('a', '10.0.0.4', TWO));
  await others.look();
  assert.deepEqual([...taken.also.keys()], ['10.0.0.3', '10.0.0.4'], 'the first has sent nothing');
  const changes = world.texts.length;
  await others.look();
  assert.equal(world.texts.length, changes, 'what is in comes in once');
});

test('their bytes add up, they go together, and are strangers after that', async () => {
  const { world, clients, sessions, others, enter } = lab();
  const client = enter(on('a', '10.0.0.1', ONE));
  const { session: had } = client;
  world.neighbours = [on('a', '2001:db8::1', ONE)];
  await others.look();
  world.counted = new Map([
    ['10.0.0.1', 100],
    ['2001:db8::1', 20],
  ]);
  await sessions.count();
  assert.equal(client.session?.sent, 120);
  world.texts.length = 0;
  await sessions.close(client, 'ndsctl_deauth');
  for (const pair of ['in4 { "a" . 10.0.0.1', 'in6 { "a" . 2001:db8::1'])
    assert.match(world.texts[0]!, new RegExp(`delete element inet gatehouse_portal ${pair}`), 'in one transaction');
  assert.match(world.texts.at(-1)!, /delete element inet gatehouse_portal sent6 \{ 2001:db8::1 \}/);
  assert.deepEqual([had?.sent, client.also.size, clients.insideAt('2001:db8::1')], [120, 0, undefined]);
  assert.notEqual(clients.meet(on('a', '2001:db8::1', ONE), 0), client);
});

test("a ninth address takes the place of the quietest, whose bytes stay the session's", async () => {
  const { world, clients, sessions, others, enter } = lab();
  const client = enter(on('a', '10.0.0.1', ONE));
  const addresses = Array.from({ length: 9 }, (_, i) => `2001:db8::${i + 1}`);
  const [quiet = '', last = ''] = [addresses[2], addresses[8]];
  world.neighbours = addresses.slice(0, 8).map((address) => on('a', address, ONE));
  await others.look();
  assert.equal(client.also.size, 8);
  world.counted = new Map([...addresses.slice(0, 8), '10.0.0.1'].map((address) => [address, 7]));
  await sessions.count();
  world.now += 1_000;
  for (const address of world.counted.keys()) if (address !== quiet) world.counted.set(address, 8);
  await sessions.count();
  assert.equal(client.session?.sent, 8 * 8 + 7);
  world.neighbours = [on('a', last, ONE)];
  await others.look();
  world.counted.delete(quiet);
  await sessions.count();
  assert.deepEqual([client.also.size, client.also.has(quiet), client.also.has(last)], [8, false, true]);
  assert.equal(clients.insideAt(quiet), undefined);
  assert.equal(client.session?.sent, 8 * 8 + 7);
});

test('a crash leaves them in the firewall: they come back with their session, and with their bytes', () => {
  const { sessions } = lab();
  const stored: StoredSession = {
    ...on('a', '10.0.0.1', ONE),
    token: 't',
    session: session('portal:1'),
    suspended: false,
  };
  const line = (place: Place, sent: number) => ({ address: place.address, place, sent, received: 0, spent: false });
  const traffic = [
    line(on('a', '10.0.0.1', ONE), 100),
    line(on('a', '2001:db8::1', ONE), 20),
    line(on('a', '2001:db8::2', TWO), 3),
  ];
  const { staying, members } = sessions.recall([stored], traffic);
  assert.deepEqual(
    [staying[0]?.session.sent, staying[0]?.also, members[0]?.also],
    [120, ['2001:db8::1'], ['2001:db8::1']],
  );
});
