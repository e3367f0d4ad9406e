import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VoucherTerms, VoucherUse } from '../../core/vouchers/terms.ts';
import { voucherLogin } from '../../core/vouchers/vouchers.ts';
import { type Client, Clients, type Session } from './clients.ts';
import { VoucherDesk } from './vouchers.ts';

const TERMS: VoucherTerms = { seconds: 100, upload: 0, download: 1_000_000, devices: 2, expires: 0 };

function lab(terms: Partial<VoucherTerms> = {}, uses: Partial<VoucherUse>[] = []) {
  const voucher = { id: 'a-0001', batch: 'a', revoked: 0, terms: { ...TERMS, ...terms } };
  const user = voucherLogin(voucher);
  const clients = new Clients();
  const clock = { time: 1_000_000, now: () => clock.time, monotonic: () => 0 };
  const desk = new VoucherDesk({
    vouchers: {
      find: async () => voucher,
      findByLogin: async (login) => (login === user ? voucher : undefined),
      usesOf: async () => uses.map((use) => ({ started: clock.time, sent: 0, received: 0, ...use }) as VoucherUse),
    },
    clients,
    clock,
  });
  const out: string[] = [];
  const leave = (client: Client) => {
    desk.record(client, client.session!, true);
    clients.left(client, clock.time);
    out.push(`${client.mac} ${client.address}`);
  };
  const grant = (client: Client) => desk.grant(voucher, client, async (other) => leave(other));
  /** With what it is granted; undefined: nothing is left. */
  const enter = async (address: string, mac: string): Promise<{ client: Client; session: Session } | undefined> => {
    const client = clients.meet({ interface: 'lan', address, mac }, clock.time);
    const granted = await grant(client);
    if (granted === undefined) return undefined;
    const none = { sent: 0, received: 0 };
    const common = { name: `portal:${mac}${address}`, user, started: clock.time, ends: 0, spent: false };
    const session: Session = { ...common, before: none, most: granted.most, rate: none, ownRate: false, ...none };
    desk.record(client, session, false);
    clients.entered(client, session);
    return { client, session };
  };
  return { desk, clock, clients, voucher, user, out, leave, grant, enter };
}

test('time runs from the first login, for all devices and after all logouts', async () => {
  const { enter, grant, leave, clock, clients } = lab();
  const first = await enter('1', 'm1');
  clock.time += 30_000;
  leave(first!.client);
  assert.equal((await grant(clients.meet({ interface: 'lan', address: '2', mac: 'm2' }, 0)))?.seconds, 70);
  clock.time += 70_000;
  assert.equal(await grant(first!.client), undefined);
});

test('the volume is that of all devices together, and of sessions that are over', async () => {
  const { enter, grant, leave, desk, clients } = lab({}, [{ received: 100_000 }]);
  const one = await enter('1', 'm1');
  assert.deepEqual(one!.session.most, { sent: 0, received: 900_000 });
  one!.session.received = 400_000;
  const two = await enter('2', 'm2');
  assert.deepEqual(two!.session.most, { sent: 0, received: 500_000 });
  two!.session.received = 400_000;
  assert.deepEqual(desk.spent(), []);
  assert.deepEqual(desk.left(one!.session), { sent: 0, received: 100_000 });
  assert.equal(desk.left({ user: 'alice' }), undefined);
  leave(two!.client);
  assert.equal((await grant(clients.meet({ interface: 'lan', address: '2', mac: 'm2' }, 0)))?.most.received, 100_000);
  one!.session.received = 440_000;
  assert.deepEqual(desk.spent(), [one!.client]);
  assert.equal(await grant(clients.meet({ interface: 'lan', address: '2', mac: 'm2' }, 0)), undefined);
});

test('a device too many takes the place of the one that was quiet for longest, with all its addresses', async () => {
  const { enter, out, clients } = lab();
  await enter('1', 'm1');
  await enter('1::', 'm1');
  await enter('2', 'm2');
  assert.deepEqual(out, [], 'two addresses of a device are one device');
  clients.get({ interface: 'lan', address: '2', mac: 'm2' })!.active = 5;
  clients.get({ interface: 'lan', address: '1', mac: 'm1' })!.active = 2;
  clients.get({ interface: 'lan', address: '1::', mac: 'm1' })!.active = 7;
  await enter('3', 'm3');
  assert.deepEqual(out, ['m2 2']);
  clients.get({ interface: 'lan', address: '3', mac: 'm3' })!.active = 9;
  await enter('2', 'm2');
  assert.deepEqual(out.slice(1), ['m1 1', 'm1 1::']);
});

test('sessions that outlived the server go on with what is left; others are no business of the desk', async () => {
  const { desk, user, clients, leave } = lab({}, [{ started: 999_000, received: 100_000 }]);
  await desk.resume([user, 'alice', user]);
  const client = clients.meet({ interface: 'lan', address: '1', mac: 'm1' }, 0);
  const bytes = { sent: 0, received: 830_000 };
  const session = {
    name: 's',
    user,
    started: 999_000,
    ends: 0,
    before: bytes,
    most: bytes,
    rate: bytes,
    ownRate: false,
    spent: false,
    ...bytes,
  };
  clients.entered(client, session);
  assert.deepEqual(desk.spent(), []);
  client.session!.received = 900_000;
  assert.deepEqual(desk.spent(), [client]);
  leave(client);
  assert.deepEqual(desk.spent(), [], 'and is forgotten');
  assert.deepEqual(desk.record(client, { ...session, user: 'alice' }, true), []);
  assert.deepEqual(desk.record(client, session, true), []);
});

test('logins by one voucher take turns, those by others do not wait', async () => {
  const { desk, voucher } = lab();
  const told: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = desk.inTurn(voucher, async () => {
    await gate.promise;
    told.push('first');
    throw new Error('no');
  });
  const second = desk.inTurn(voucher, async () => void told.push('second'));
  await desk.inTurn({ ...voucher, id: 'b' }, async () => void told.push('other'));
  gate.resolve();
  await assert.rejects(first);
  await second;
  assert.deepEqual(told, ['other', 'first', 'second']);
});
