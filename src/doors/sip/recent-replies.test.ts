import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockAt, request, TCP } from './modules/lab.ts';
import { RecentReplies } from './recent-replies.ts';

const PORT = 5090;

function register(branch: string, more: string[] = []) {
  const via = `Via: SIP/2.0/UDP 198.51.100.7:5070;branch=${branch}`;
  const { message, source } = request('REGISTER sip:example.com', [via, ...more]).run;
  return { message, source };
}

test('a reply is given for eight seconds to the same text from the same address and port', () => {
  const clock = clockAt(0);
  const recent = new RecentReplies(clock);
  const { message, source } = register('z9hG4bK1');
  recent.keep(message, source, 'x', PORT);
  clock.time = 7999;
  const { address, point } = source;
  const target = { protocol: 'udp', address, port: PORT, point, connection: undefined };
  assert.deepEqual(recent.find(register('z9hG4bK1').message, source), { text: 'x', target });
  assert.equal(recent.find(message, { ...source, port: source.port + 1 }), undefined);
  assert.equal(recent.find(message, { ...source, address: '198.51.100.8' }), undefined);
  assert.equal(recent.find(register('z9hG4bK1', ['Subject: another']).message, source), undefined);
  assert.equal(recent.find(register('z9hG4bK2').message, source), undefined);
  clock.time = 8000;
  assert.equal(recent.find(message, source), undefined);
});

test('what came a generation ago is still known, older replies are forgotten', () => {
  const clock = clockAt(0);
  const recent = new RecentReplies(clock);
  const all = ['z9hG4bK1', 'z9hG4bK2', 'z9hG4bK3'].map((branch) => register(branch));
  for (const { message, source } of all) {
    recent.keep(message, source, 'x', PORT);
    clock.time += 4000;
  }
  assert.equal(recent.size, 2);
  assert.equal(recent.find(all[2]!.message, all[2]!.source)?.text, 'x');
});

test('nothing is kept for streams', () => {
  const recent = new RecentReplies(clockAt(0));
  const { message, source } = register('z9hG4bK1');
  recent.keep(message, { ...source, point: TCP }, 'x', PORT);
  assert.equal(recent.size, 0);
});

test('neither many nor large replies fill the memory', () => {
  const recent = new RecentReplies(clockAt(0));
  const first = register('z9hG4bKfirst');
  recent.keep(first.message, first.source, 'x', PORT);
  for (let i = 0; i < 25_000; i++) {
    const { message, source } = register(`z9hG4bK${i}`);
    recent.keep(message, source, 'x', PORT);
  }
  assert.ok(recent.size > 10_000 && recent.size <= 20_000, `${recent.size} replies`);
  assert.equal(recent.find(first.message, first.source), undefined);
  for (let i = 0; i < 40; i++) {
    const { message, source } = register(`z9hG4bK${i}`);
    recent.keep(message, source, 'x'.repeat(1 << 20), PORT);
  }
  assert.ok(recent.size <= 18, `${recent.size} replies of 1 MiB`);
});
