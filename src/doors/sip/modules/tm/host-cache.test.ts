import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimerWheel } from '../../../../platform/timer-wheel.ts';
import { HostCache } from './host-cache.ts';

function lab() {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const wheel = new TimerWheel({ clock, onError });
  /** Look-ups under way. */
  const asked = new Map<string, (addresses: readonly string[]) => void>();
  const hosts = new HostCache({ clock, wheel, onError, lookUp: (host, done) => void asked.set(host, done) });
  const told: string[] = [];
  return {
    asked,
    errors,
    /** `time host addresses` of each waiter that was told. */
    told,
    find: (host: string, sender = '192.0.2.9', then = () => {}) =>
      hosts.find(host, {
        sender,
        hostResolved() {
          told.push(`${now} ${host} ${hosts.find(host, undefined)}`);
          then();
        },
      }),
    answer(host: string, ...addresses: string[]) {
      const done = asked.get(host);
      assert.ok(done, `${host} is not asked`);
      asked.delete(host);
      done(addresses);
    },
    pass(ms: number) {
      for (const end = now + ms; now < end; ) {
        now += 10;
        wheel.advance();
      }
    },
    wheel,
  };
}

test('a name is asked once for all who wait, and remembered for a minute', () => {
  const { find, asked, answer, told, pass } = lab();
  assert.equal(find('a.example'), undefined);
  assert.equal(find('a.example'), undefined);
  assert.deepEqual([...asked.keys()], ['a.example']);
  answer('a.example', '192.0.2.1');
  assert.deepEqual(told, ['0 a.example 192.0.2.1', '0 a.example 192.0.2.1']);
  pass(59_000);
  assert.deepEqual(find('a.example'), ['192.0.2.1']);
  assert.equal(asked.size, 0);
});

test('a known name makes nobody wait: its old addresses serve while it is asked again, for ten minutes', () => {
  const { find, asked, answer, pass } = lab();
  find('a.example');
  answer('a.example', '192.0.2.1');
  pass(61_000);
  assert.deepEqual(find('a.example'), ['192.0.2.1']);
  answer('a.example');
  assert.deepEqual(find('a.example'), ['192.0.2.1'], 'a failed look-up takes nothing away');
  pass(6_000);
  find('a.example');
  answer('a.example', '192.0.2.2');
  assert.deepEqual(find('a.example'), ['192.0.2.2']);
  pass(601_000);
  assert.equal(find('a.example'), undefined, 'too old');
  assert.equal(asked.size, 1);
});

test('an unknown name is unknown for five seconds', () => {
  const { find, answer, told, pass } = lab();
  find('no.example');
  answer('no.example');
  assert.deepEqual(told, ['0 no.example ']);
  pass(4_900);
  assert.deepEqual(find('no.example'), []);
  pass(200);
  assert.equal(find('no.example'), undefined);
});

test('three seconds count from when one came to wait, asked or not', () => {
  const { find, asked, answer, told, pass, wheel } = lab();
  find('slow.example');
  find('behind.example');
  pass(2_000);
  find('slow.example');
  find('behind.example');
  pass(1_000);
  assert.deepEqual(told, ['3000 slow.example ', '3000 behind.example ']);
  assert.deepEqual(find('slow.example'), [], 'it is known to be slow');
  pass(2_000);
  assert.deepEqual(told.slice(2), ['5000 slow.example ', '5000 behind.example ']);
  assert.deepEqual([...asked.keys()], ['slow.example'], 'what nobody waits for any more is not asked');
  answer('slow.example', '192.0.2.3');
  assert.equal(asked.size, 0);
  assert.deepEqual(find('slow.example'), ['192.0.2.3'], 'late, but good for the next one');
  assert.equal(find('behind.example'), undefined, 'it was never asked, so nothing is known of it');
  pass(10_000);
  assert.equal(wheel.size, 0);
});

test('the slow names of one place hold up nobody else', () => {
  const { find, asked, answer, told } = lab();
  for (let i = 0; i < 10; i++) assert.equal(find(`n${i}.example`, '2001:db8::1'), undefined);
  assert.equal(find('n10.example', '2001:db8::2'), undefined, 'one of them is being asked, ten are queued');
  assert.deepEqual(find('n11.example', '2001:db8::2'), [], 'its share of the queue is used');
  assert.equal(asked.size, 1);
  assert.equal(find('good.example', '192.0.2.7'), undefined);
  answer('good.example', '192.0.2.1');
  assert.deepEqual(told, ['0 good.example 192.0.2.1']);
  for (let i = 0; i < 89; i++) assert.equal(find('n0.example', '2001:db8::3'), undefined);
  assert.deepEqual(find('n0.example', '2001:db8::3'), [], 'its share of those who may wait is used');
  assert.equal(find('n0.example', '192.0.2.7'), undefined);
});

test('the queue, and how long a name is, have an end', () => {
  const { find } = lab();
  const waits = (i: number) => find(`n${i}.example`, `192.0.2.${i}`) === undefined;
  for (let i = 0; i < 202; i++) assert.ok(waits(i), `${i}`);
  assert.equal(waits(202), false);
  assert.deepEqual(find('x'.repeat(256), '198.51.100.1'), []);
});

test('a waiter that throws is told of and harms no other', () => {
  const { find, answer, told, errors } = lab();
  const bug = new Error('a fault of ours');
  find('a.example', '192.0.2.9', () => {
    throw bug;
  });
  find('a.example');
  answer('a.example', '192.0.2.1');
  assert.equal(told.length, 2);
  assert.deepEqual(errors, [bug]);
});
