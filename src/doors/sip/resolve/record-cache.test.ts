import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimerWheel } from '../../../platform/timer-wheel.ts';
import { RecordCache } from './record-cache.ts';
import type { Answer, RecordType } from './records.ts';

function lab() {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const wheel = new TimerWheel({ clock, onError });
  /** Questions under way. */
  const asked = new Map<string, (answer: Answer | undefined) => void>();
  const cache = new RecordCache({
    clock,
    wheel,
    onError,
    lookUp: (type, name, done) => void asked.set(`${type} ${name}`, done),
  });
  const told: string[] = [];
  const answer = (question: string, given: Answer | undefined) => {
    const done = asked.get(question);
    assert.ok(done, `${question} is not asked`);
    asked.delete(question);
    done(given);
  };
  return {
    asked,
    errors,
    /** `time name records` of each waiter that was told. */
    told,
    cache,
    wheel,
    find(name: string, { sender = '192.0.2.9', type = 'A' as RecordType, told: after = () => {} } = {}) {
      const until = now + 3000;
      return cache.find(type, name, {
        sender,
        until: () => until,
        opened() {},
        resolved() {
          told.push(`${now} ${name} ${cache.find(type, name, undefined)}`);
          after();
        },
      });
    },
    /** With the addresses and their time to live in seconds. */
    answer: (name: string, addresses: readonly string[], ttl?: number) =>
      answer(`A ${name}`, { records: addresses, ...(ttl === undefined ? {} : { ttlMs: ttl * 1000 }) }),
    /** Nobody can say. */
    fail: (name: string) => answer(`A ${name}`, undefined),
    pass(ms: number) {
      for (const end = now + ms; now < end; ) {
        now += 10;
        wheel.advance();
      }
    },
  };
}

test('a name is asked once for all who wait, and remembered as long as its records live', () => {
  const { find, asked, answer, told, pass } = lab();
  assert.equal(find('a.example'), undefined);
  assert.equal(find('a.example'), undefined);
  assert.deepEqual([...asked.keys()], ['A a.example']);
  answer('a.example', ['192.0.2.1'], 300);
  assert.deepEqual(told, ['0 a.example 192.0.2.1', '0 a.example 192.0.2.1']);
  pass(299_000);
  assert.deepEqual(find('a.example'), ['192.0.2.1']);
  assert.equal(asked.size, 0);
});

test('a name asked for often makes nobody wait; after half a minute of silence it is asked before it is used', () => {
  const { find, asked, answer, pass } = lab();
  find('a.example');
  answer('a.example', ['192.0.2.1'], 5);
  pass(6_000);
  assert.deepEqual(find('a.example'), ['192.0.2.1'], 'the old ones, while it is asked again');
  answer('a.example', ['192.0.2.2'], 5);
  assert.deepEqual(find('a.example'), ['192.0.2.2']);
  pass(36_000);
  assert.equal(find('a.example'), undefined);
  assert.equal(asked.size, 1);
});

test('a time to live of nothing is a second, a very long one an hour', () => {
  const { find, answer, pass } = lab();
  find('a.example');
  answer('a.example', ['192.0.2.1'], 0);
  pass(990);
  assert.deepEqual(find('a.example'), ['192.0.2.1']);
  find('b.example');
  answer('b.example', ['192.0.2.1'], 1_000_000);
  pass(3_631_000);
  assert.equal(find('b.example'), undefined);
});

test('old records serve for ten minutes while no server can say anything, not once one says that there are none', () => {
  const { find, fail, answer, pass } = lab();
  find('a.example');
  answer('a.example', ['192.0.2.1'], 60);
  pass(100_000);
  assert.equal(find('a.example'), undefined);
  fail('a.example');
  assert.deepEqual(find('a.example'), ['192.0.2.1']);
  pass(6_000);
  assert.deepEqual(find('a.example'), ['192.0.2.1'], 'asked again behind the caller');
  fail('a.example');
  pass(600_000);
  assert.equal(find('a.example'), undefined);
  fail('a.example');
  assert.deepEqual(find('a.example'), [], 'too old');
  pass(6_000);
  find('a.example');
  answer('a.example', []);
  assert.deepEqual(find('a.example'), []);
});

test('that there is none holds for half a minute, that nobody can say for five seconds', () => {
  const { find, answer, fail, told, pass } = lab();
  find('no.example');
  answer('no.example', []);
  assert.deepEqual(told, ['0 no.example ']);
  find('who.example');
  fail('who.example');
  pass(4_900);
  assert.deepEqual(find('who.example'), []);
  pass(200);
  assert.equal(find('who.example'), undefined);
  fail('who.example');
  pass(24_800);
  assert.deepEqual(find('no.example'), []);
  pass(200);
  assert.equal(find('no.example'), undefined);
});

test('that a domain offers no service is refreshed behind the callers', () => {
  const { find, asked, pass } = lab();
  find('a.example', { type: 'NAPTR' });
  asked.get('NAPTR a.example')!({ records: [] });
  pass(31_000);
  assert.deepEqual(find('a.example', { type: 'NAPTR' }), []);
});

test('three seconds count from when one came to wait, asked or not', () => {
  const { find, asked, answer, told, pass, wheel } = lab();
  for (let i = 0; i < 4; i++) find(`slow${i}.example`);
  find('behind.example');
  pass(2_000);
  find('slow0.example');
  find('behind.example');
  pass(1_000);
  assert.deepEqual(told.slice(3), ['3000 slow3.example ', '3000 behind.example ']);
  assert.deepEqual(find('slow0.example'), [], 'it is known to be slow');
  pass(2_000);
  assert.deepEqual(told.slice(5), ['5000 slow0.example ', '5000 behind.example ']);
  assert.equal(asked.size, 4, 'what nobody waits for any more is not asked');
  answer('slow0.example', ['192.0.2.3']);
  assert.equal(asked.size, 3);
  assert.deepEqual(find('slow0.example'), ['192.0.2.3'], 'late, but good for the next one');
  assert.equal(find('behind.example'), undefined, 'it was never asked, so nothing is known of it');
  pass(10_000);
  assert.equal(wheel.size, 0);
});

test('who has less time left is told earlier, whenever he came', () => {
  const { cache, told, find, pass } = lab();
  find('late.example');
  cache.find('A', 'soon.example', {
    sender: '192.0.2.9',
    until: () => 1000,
    opened() {},
    resolved: () => void told.push('soon'),
  });
  pass(1_000);
  assert.deepEqual(told, ['soon']);
  pass(2_000);
  assert.deepEqual(told, ['soon', '3000 late.example ']);
});

test('the slow names of one place hold up nobody else', () => {
  const { find, asked, answer, told } = lab();
  for (let i = 0; i < 64; i++) assert.equal(find(`n${i}.example`, { sender: '2001:db8::1' }), undefined, `${i}`);
  assert.deepEqual(find('n64.example', { sender: '2001:db8::2' }), [], 'its share of the queue is used');
  assert.equal(asked.size, 4);
  assert.equal(find('good.example', { sender: '192.0.2.7' }), undefined);
  answer('good.example', ['192.0.2.1']);
  assert.deepEqual(told, ['0 good.example 192.0.2.1']);
  for (let i = 64; i < 300; i++) assert.equal(find('n0.example', { sender: '2001:db8::3' }), undefined);
  assert.deepEqual(find('n0.example', { sender: '2001:db8::3' }), [], 'its share of those who may wait is used');
  assert.equal(find('n0.example', { sender: '192.0.2.7' }), undefined);
});

test('the queue, what is remembered, and how long a name is, have an end', () => {
  const { find, answer, asked } = lab();
  const waits = (i: number) => find(`n${i}.example`, { sender: `192.0.${i >> 8}.${i & 255}` }) === undefined;
  for (let i = 0; i < 420; i++) assert.ok(waits(i), `${i}`);
  assert.equal(waits(420), false);
  assert.deepEqual(find('x'.repeat(256), { sender: '198.51.100.1' }), []);
  while (asked.size > 0) for (const question of asked.keys()) answer(question.slice(2), ['192.0.2.1'], 3600);
  for (let i = 500; i < 4200; i++) {
    assert.ok(waits(i));
    answer(`n${i}.example`, ['192.0.2.1'], 3600);
  }
  assert.ok(waits(0), 'the oldest is forgotten');
  assert.deepEqual(find('n4199.example'), ['192.0.2.1']);
  answer(
    'n0.example',
    Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`),
  );
  assert.equal(find('n0.example')?.length, 16);
});

test('a waiter that throws is told of and harms no other', () => {
  const { find, answer, told, errors } = lab();
  const bug = new Error('a fault of ours');
  find('a.example', {
    told() {
      throw bug;
    },
  });
  find('a.example');
  answer('a.example', ['192.0.2.1']);
  assert.equal(told.length, 2);
  assert.deepEqual(errors, [bug]);
});
