import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from '../../run.ts';
import { clockAt, load, request, services } from '../lab.ts';
import { pike } from './module.ts';
import { Senders } from './senders.ts';

async function lab(ground: Parameters<typeof services>[0] = {}, most = 3) {
  const clock = clockAt(1_000_000);
  const parameters = { sampling_time_unit: 2, reqs_density_per_unit: most };
  const said: string[] = [];
  const log = { warn: (text: string) => void said.push(text) };
  const [call] = await load(pike, {
    parameters,
    calls: [['pike_check_req']],
    services: services({ clock, log, ...ground }),
  });
  const ask = (address: string, count = 1) => {
    const { run, host } = request('OPTIONS sip:x.example');
    const from = new Run(host, run.message, { ...run.source, address });
    return Array.from({ length: count }, () => call!(from));
  };
  return { ask, clock, said };
}

test('over the limit until one whole unit has passed within it', async () => {
  const { ask, clock, said } = await lab();
  assert.deepEqual(ask('192.0.2.1', 5), [1, 1, 1, -1, -2]);
  clock.time += 2_000;
  assert.deepEqual(ask('192.0.2.1', 3), [-2, -2, -2], 'the unit before was over it');
  clock.time += 2_000;
  assert.deepEqual(ask('192.0.2.1', 4), [1, 1, 1, -1]);
  clock.time += 10_000;
  assert.deepEqual(ask('192.0.2.1'), [1], 'silence is within the limit');
  assert.equal(said.length, 1, 'a line a minute at most');
});

test('senders count each for themselves, an IPv6 network as one', async () => {
  const { ask } = await lab();
  ask('192.0.2.1', 5);
  assert.deepEqual(ask('192.0.2.2'), [1]);
  ask('2001:db8::1', 3);
  assert.deepEqual(ask('2001:db8::2'), [-1]);
  assert.deepEqual(ask('2001:db8:0:1::1'), [1]);
});

test('who is over the limit stays so when the script is loaded again', async () => {
  const lasting = new Map();
  const [first, second, other] = [await lab({ lasting }), await lab({ lasting }, 5), await lab({}, 5)];
  first.ask('192.0.2.1', 5);
  first.ask('192.0.2.2', 3);
  assert.deepEqual(second.ask('192.0.2.1', 2), [-2, -2]);
  assert.deepEqual(second.ask('192.0.2.2', 3), [1, 1, -1], 'by the new limit');
  assert.deepEqual(other.ask('192.0.2.1'), [1]);
});

test('senders are forgotten in time, and never more than there is room for', () => {
  const senders = new Senders(100);
  const limits = { unitMs: 1_000, most: 1, forgetMs: 5_000 };
  const count = (place: string, now: number) => senders.count(place, now, limits);
  count('flood', 0);
  assert.equal(count('flood', 0), -1);
  for (let i = 0; i < 1_000; i++) count(`scan ${i}`, 0);
  assert.equal(senders.size, 100);
  assert.equal(count('flood', 1), -2, 'one over the limit stays');
  for (let i = 0; i < 60; i++) count(`later ${i}`, 20_000);
  assert.ok(senders.size <= 61, String(senders.size));
});
