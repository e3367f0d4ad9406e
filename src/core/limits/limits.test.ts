import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimerWheel } from '../../platform/timer-wheel.ts';
import type { Client } from '../gate/types.ts';
import { SILENT, SLOWED } from './delayed-answers.ts';
import { KnownPlaces } from './known-places.ts';
import type { LimitsOptions } from './limits.ts';
import { Limits, nameKey } from './limits.ts';

function lab(options: Partial<LimitsOptions> = {}, places?: KnownPlaces) {
  const time = { now: 1_000_000 };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const wheel = new TimerWheel({ clock, onError: (e) => assert.fail(String(e)) });
  const limits = new Limits(wheel, clock, { attempts: 5, recoverMs: 30_000, delayMs: 3_000, ...options }, places);
  const go = (ms: number) => {
    time.now += ms;
    wheel.advance();
  };
  const fail = (user: string, client: Client, times: number) => {
    for (let i = 0; i < times; i++) limits.failed(user, client);
  };
  return { limits, go, fail };
}

const at = (address: string, port = 5060): Client => ({ address, port });
const HOME = at('192.0.2.1');
const AWAY = at('198.51.100.7');

test('five wrong tries are free, the sixth is held', () => {
  const { limits, fail } = lab();
  fail('alice', AWAY, 4);
  assert.equal(limits.holdUser('alice', AWAY), undefined);
  fail('alice', AWAY, 1);
  assert.notEqual(limits.holdUser('alice', AWAY), undefined);
});

test('nobody can lock somebody else out from elsewhere', () => {
  const { limits, fail } = lab();
  limits.succeeded('alice', HOME);
  for (let i = 0; i < 200; i++) fail('alice', at(`198.51.100.${i}`), 10);
  assert.equal(limits.holdUser('alice', HOME), undefined);
  assert.notEqual(limits.holdUser('alice', AWAY), undefined);
});

test('nor after a restart', () => {
  const places = new KnownPlaces();
  lab({}, places).limits.succeeded('alice', HOME);
  const { limits, fail } = lab({}, places);
  fail('alice', AWAY, 5);
  assert.equal(limits.holdUser('alice', HOME), undefined);
  assert.notEqual(limits.holdUser('alice', AWAY), undefined);
});

test('all places where the user never got in share one count: changing the address gains nothing', () => {
  const { limits, fail } = lab();
  for (let i = 0; i < 5; i++) fail('alice', at(`198.51.100.${i}`), 1);
  assert.notEqual(limits.holdUser('alice', at('203.0.113.99')), undefined);
});

test('a place where the user got in counts for itself', () => {
  const { limits, fail } = lab();
  const office = at('192.0.2.2');
  limits.succeeded('alice', HOME);
  limits.succeeded('alice', office);
  fail('alice', HOME, 5);
  assert.notEqual(limits.holdUser('alice', HOME), undefined);
  assert.equal(limits.holdUser('alice', office), undefined);
  assert.equal(limits.holdUser('alice', AWAY), undefined);
});

test('the port makes no other place, and neither does another address of the same /64', () => {
  const { limits, fail } = lab();
  limits.succeeded('alice', at('2001:db8::1', 1));
  fail('alice', at('2001:db8::ffff', 2), 5);
  assert.notEqual(limits.holdUser('alice', at('2001:db8::1', 3)), undefined);
});

test("a success erases the place's own wrong tries, and no stranger's", () => {
  const { limits, fail } = lab();
  limits.succeeded('alice', HOME);
  fail('alice', HOME, 4);
  fail('alice', AWAY, 5);
  limits.succeeded('alice', HOME);
  fail('alice', HOME, 4);
  assert.equal(limits.holdUser('alice', HOME), undefined);
  assert.notEqual(limits.holdUser('alice', AWAY), undefined);
});

test('one user over the limit holds up no other user of the same place', () => {
  const { limits, fail } = lab();
  fail('alice', AWAY, 5);
  assert.equal(limits.holdUser('bob', AWAY), undefined);
});

test('one wrong try is forgiven in each recovery time, and no more are stored up', () => {
  const { limits, fail, go } = lab();
  fail('alice', AWAY, 50);
  assert.notEqual(limits.holdUser('alice', AWAY), undefined);
  go(30_000);
  assert.equal(limits.holdUser('alice', AWAY), undefined);
  fail('alice', AWAY, 1);
  assert.notEqual(limits.holdUser('alice', AWAY), undefined);
  go(5 * 30_000);
  fail('alice', AWAY, 4);
  assert.equal(limits.holdUser('alice', AWAY), undefined);
});

test('a failure that is taken back leaves nothing', () => {
  const { limits } = lab();
  for (let i = 0; i < 20; i++) {
    limits.failed('alice', AWAY);
    limits.failed('alice', AWAY, true);
  }
  assert.equal(limits.holdUser('alice', AWAY), undefined);
});

test('over the limit: one late answer per delay, the rest silent', async () => {
  const { limits, fail, go } = lab();
  fail('alice', AWAY, 5);
  const first = limits.holdUser('alice', AWAY);
  assert.ok(first instanceof Promise);
  for (let i = 0; i < 100; i++) assert.equal(limits.holdUser('alice', at(`203.0.113.${i}`)), SILENT);
  go(3_010);
  assert.equal(await first, SLOWED);
  assert.ok(limits.holdUser('alice', AWAY) instanceof Promise);
});

test('only so many late answers are under way', () => {
  const { limits, fail } = lab({ maxDelayed: 2 });
  for (const user of ['a', 'b', 'c']) fail(user, AWAY, 5);
  assert.ok(limits.holdUser('a', AWAY) instanceof Promise);
  assert.ok(limits.holdUser('b', AWAY) instanceof Promise);
  assert.equal(limits.holdUser('c', AWAY), SILENT);
});

test('wrong tries count against their sender, until somebody gets in from there', () => {
  const { limits } = lab({ senderAttempts: 3 });
  limits.failed('alice', AWAY);
  limits.failed('bob', AWAY);
  limits.succeeded('carol', AWAY);
  for (const user of ['alice', 'bob', 'dave']) {
    assert.equal(limits.holdSender(AWAY), undefined);
    limits.failed(user, AWAY);
  }
  assert.ok(limits.holdSender(AWAY) instanceof Promise);
  assert.equal(limits.holdSender(at(AWAY.address, 5061)), undefined, 'another port is another sender');
});

test('a name that nobody has is counted by its hash: short, the same for each spelling of the domain', () => {
  assert.equal(nameKey('bob', 'A.example'), nameKey('bob', 'a.example'));
  const keys = [nameKey('bob', ''), nameKey('bo', 'b'), nameKey('Bob', ''), nameKey('b'.repeat(60_000), '')];
  assert.equal(new Set(keys).size, keys.length);
  for (const key of keys) assert.ok(key.length <= 8, key);
});

test('sweeping over names and addresses does not wash out a count that is full', () => {
  const { limits, fail } = lab({ maxCounts: 100, senderAttempts: 3 });
  fail('alice', AWAY, 5);
  for (let i = 0; i < 5000; i++) fail(`user${i}`, at(`10.0.${i >> 8}.${i & 255}`), 1);
  assert.notEqual(limits.holdUser('alice', AWAY), undefined);
  for (let i = 0; i < 5000; i++) limits.failed('bob', at('203.0.113.9', i));
  assert.notEqual(limits.holdSender(AWAY), undefined);
});

test('a user keeps the last eight places', () => {
  const { limits, fail } = lab();
  for (let i = 0; i < 9; i++) limits.succeeded('alice', at(`192.0.2.${i}`));
  fail('alice', AWAY, 5);
  for (let i = 1; i < 9; i++) assert.equal(limits.holdUser('alice', at(`192.0.2.${i}`)), undefined);
  assert.notEqual(limits.holdUser('alice', at('192.0.2.0')), undefined);
});
