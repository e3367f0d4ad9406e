import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { test } from 'node:test';
import { DEFAULTS } from '../config/model.ts';
import { Firewall, trafficIn } from './firewall.ts';
import { interfaceOf } from './gateway.ts';
import { macInArp, placesInArp, placesInNeigh } from './neighbours.ts';
import { rivalIn } from './rivals.ts';

const NONE = { sent: 0, received: 0 };
const ONE = { interface: 'br-lan', also: [], mac: '02:00:5e:10:00:01', leftMs: 1000, left: NONE, rate: NONE };
const member = (last: number) => ({ ...ONE, address: `10.0.0.${last}` });

function lab() {
  const texts: string[] = [];
  const world = { refuse: (_text: string) => false, running: 0, most: 0 };
  const firewall = new Firewall({
    async apply(text) {
      world.most = Math.max(world.most, ++world.running);
      await new Promise(setImmediate);
      world.running--;
      if (world.refuse(text)) throw new Error('no');
      texts.push(text);
    },
    list: async () => undefined,
  });
  return { firewall, texts, world };
}

test('one transaction is in flight, and what is asked for meanwhile shares the next', async () => {
  const { firewall, texts, world } = lab();
  const first = firewall.admit(member(1));
  await new Promise(setImmediate);
  await Promise.all([first, ...[2, 3, 4].map((last) => firewall.admit(member(last)))]);
  assert.equal(world.most, 1);
  assert.equal(texts.length, 2);
  assert.equal(texts[1]!.match(/timeout 1000ms/g)?.length, 6);
});

test('what waits is bounded for those who want in, not for those who leave', async () => {
  const { firewall } = lab();
  const changes = Array.from({ length: 5_000 }, () => firewall.admit(member(1)));
  await assert.rejects(firewall.admit(member(2)), { code: 'PORTAL_FIREWALL', message: /too many/ });
  await Promise.all([...changes, firewall.expel(member(1))]);
});

test('a table that is loaded takes all who are in, in transactions of bounded length', async () => {
  const { firewall, texts } = lab();
  const gateway = { ipv4: '10.0.0.1', ipv6: undefined };
  const members = Array.from({ length: 1_250 }, (_, i) => ({ ...member(1), address: `10.1.${i >> 8}.${i & 255}` }));
  await firewall.load([{ settings: { ...DEFAULTS, interface: 'br-lan' }, gateway }], members);
  assert.deepEqual(
    texts.map((text) => text.match(/ in4 \{ "br-lan" \. 10/g)?.length),
    [300, 300, 300, 300, 50],
  );
});

test('a change that nft refuses fails alone', async () => {
  const { firewall, world } = lab();
  world.refuse = (text) => text.includes('10.0.0.2 ');
  const outcomes = await Promise.allSettled([1, 2, 3].map((last) => firewall.admit(member(last))));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('to be let in again, or out when the time was over, is no error: what is deleted is added first', async () => {
  const { firewall, texts } = lab();
  await firewall.expel(member(1));
  assert.deepEqual(texts[0]?.trim().split('\n'), [
    'add element inet gatehouse_portal in4 { "br-lan" . 10.0.0.1 . 02:00:5e:10:00:01 }',
    'add element inet gatehouse_portal to4 { "br-lan" . 10.0.0.1 }',
    'delete element inet gatehouse_portal in4 { "br-lan" . 10.0.0.1 . 02:00:5e:10:00:01 }',
    'delete element inet gatehouse_portal to4 { "br-lan" . 10.0.0.1 }',
  ]);
  await firewall.expel({ ...member(1), left: { sent: 5, received: 0 }, rate: { sent: 0, received: 9 } });
  const lines = texts[1]!.replaceAll(' inet gatehouse_portal', '').trim().split('\n');
  assert.deepEqual(
    lines.filter((line) => !/ (?:in|to)4 /.test(line)),
    [
      'add quota sent_10_0_0_1 { over 1 bytes }',
      'add limit got_10_0_0_1 { rate over 1 bytes/second burst 131072 bytes ; }',
      'add element most_sent4 { 10.0.0.1 : "sent_10_0_0_1" }',
      'delete element most_sent4 { 10.0.0.1 }',
      'add element rate_got4 { 10.0.0.1 : "got_10_0_0_1" }',
      'delete element rate_got4 { 10.0.0.1 }',
      'delete quota sent_10_0_0_1',
      'delete limit got_10_0_0_1',
    ],
  );
});

test('the chains of other captive portals are known, whichever table they stand in', () => {
  const chain = (table: string, name: string) =>
    rivalIn(JSON.stringify({ nftables: [{ metainfo: {} }, { chain: { family: 'ip', table, name } }] }));
  assert.equal(chain('filter', 'ndsNET'), 'chain ndsNET of table ip filter');
  assert.equal(chain('nds_nat', 'ndsOUT'), 'chain ndsOUT of table ip nds_nat');
  assert.equal(chain('mangle', 'WiFiDog_br-lan_Trusted'), 'chain WiFiDog_br-lan_Trusted of table ip mangle');
  for (const name of ['FORWARD', 'mynds', 'ndsx']) assert.equal(chain('filter', name), undefined);
});

test('traffic is read from the listing of nft', () => {
  const element = (val: string, bytes: number) => ({ elem: { val, timeout: 60, counter: { packets: 1, bytes } } });
  const listing = {
    nftables: [
      { metainfo: { version: '1.0.6' } },
      { set: { name: 'sent4', elem: [element('10.0.0.1', 100)] } },
      { quota: { name: 'sent_10_0_0_1', bytes: 200, used: 100 } },
      { quota: { name: 'got_2001_db8__1', bytes: 7, used: 7 } },
      { set: { name: 'sent6', elem: [element('2001:db8::1', 7)] } },
      { set: { name: 'got4', elem: [element('10.0.0.1', 5000), element('10.0.0.9', 1)] } },
      { set: { name: 'got6' } },
      { set: { name: 'in4', elem: [{ elem: { val: { concat: ['br-lan', '10.0.0.1', ONE.mac] }, timeout: 60 } }] } },
      { set: { name: 'in6', elem: [{ concat: ['br-lan', '2001:db8::1', ONE.mac] }] } },
    ],
  };
  const placeOf = (address: string) => ({ interface: 'br-lan', address, mac: ONE.mac });
  assert.deepEqual(trafficIn(JSON.stringify(listing)), [
    { address: '10.0.0.1', place: placeOf('10.0.0.1'), sent: 100, received: 5000, spent: false },
    { address: '2001:db8::1', place: placeOf('2001:db8::1'), sent: 7, received: 0, spent: true },
  ]);
  assert.deepEqual(trafficIn(''), []);
});

test('after a restart an address is on the interface whose network holds it', () => {
  const card = (family: 'IPv4' | 'IPv6', cidr: string) => ({
    family,
    cidr,
    address: '',
    netmask: '',
    mac: '',
    internal: false,
  });
  const cards = {
    a: [card('IPv4', '10.0.0.1/24'), { ...card('IPv6', '2001:db8:a::1/64'), scopeid: 0 }],
    b: [card('IPv4', '10.0.1.1/24'), { ...card('IPv6', '2001:db8:b::1/64'), scopeid: 0 }],
  } as NodeJS.Dict<NetworkInterfaceInfo[]>;
  const found = ['10.0.0.9', '10.0.1.9', '2001:db8:b::9', '192.0.2.9'].map((one) =>
    interfaceOf(one, ['a', 'b'], cards),
  );
  assert.deepEqual(found, ['a', 'b', 'b', 'a']);
});

test('a neighbour counts when its entry is complete and on our interface', () => {
  const table = `IP address       HW type     Flags       HW address            Mask     Device
10.0.0.1         0x1         0x2         02:00:5E:10:00:01     *        br-lan
10.0.0.12        0x1         0x0         00:00:00:00:00:00     *        br-lan
10.0.0.13        0x1         0x2         02:00:5e:10:00:03     *        eth1
`;
  const macs = ['10.0.0.1', '10.0.0.12', '10.0.0.13', '10.0.0.2'].map((address) => macInArp(table, address, 'br-lan'));
  assert.deepEqual(macs, ['02:00:5e:10:00:01', undefined, undefined, undefined]);
  assert.deepEqual(
    placesInArp(table).map(({ interface: card, address, mac }) => `${card} ${address} ${mac}`),
    ['br-lan 10.0.0.1 02:00:5e:10:00:01', 'eth1 10.0.0.13 02:00:5e:10:00:03'],
  );
});

test('of the neighbours over IPv6 those count that have a card, and an address that is not of the link alone', () => {
  const text = `fe80::1 dev br-lan lladdr 02:00:5e:10:00:01 REACHABLE
2001:db8::1 dev br-lan lladdr 02:00:5E:10:00:01 router STALE
2001:db8::2 dev br-lan FAILED
2001:db8::3 dev br-staff lladdr 02:00:5e:10:00:03 DELAY
2001:db8::4 dev br-staff lladdr 02:00:5e:10`;
  assert.deepEqual(placesInNeigh(text), [
    { interface: 'br-lan', address: '2001:db8::1', mac: '02:00:5e:10:00:01' },
    { interface: 'br-staff', address: '2001:db8::3', mac: '02:00:5e:10:00:03' },
  ]);
});
