import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CREDENTIALS, lab } from './lab.ts';

test('while the loop rests everything begins at once', () => {
  const { receive, begun, pass, engine } = lab();
  pass(5, 0.2);
  for (let i = 0; i < 1000; i++) receive('INVITE', `c${i}`);
  assert.equal(begun.length, 1000);
  assert.equal(engine.overload.counters.deferred, 0);
});

test('without rest new requests wait, and what belongs to work under way does not', async () => {
  const { receive, begun, pass, turn, replies } = lab();
  pass(1, 0);
  receive('INVITE', 'new');
  receive('INVITE', 'new'); // its repetition is absorbed
  receive('OPTIONS', 'ping');
  receive('INVITE', 'second', { header: CREDENTIALS });
  receive('INVITE', 'dialog', { toTag: 'b' });
  receive('BYE', 'bye', { toTag: 'b' });
  receive('ACK', 'ack', { toTag: 'b' });
  assert.deepEqual(begun, ['dialog', 'bye', 'ack']);
  receive('INVITE', 'gone');
  receive('CANCEL', 'gone');
  assert.deepEqual(replies(), ['INVITE dialog 200', 'BYE bye 200', 'CANCEL gone 200']);
  await turn();
  assert.deepEqual(begun.slice(3), ['second', 'new', 'ping', 'gone'], 'second legs go first');
  assert.deepEqual(replies(), ['INVITE second 200', 'INVITE new 200', 'OPTIONS ping 200', 'INVITE gone 487']);
  pass(1, 0.1);
  receive('INVITE', 'later');
  assert.equal(begun.at(-1), 'later', 'it rests again');
});

test('what was put off unread is read when its turn comes, or when something else of its call does', async () => {
  const { receive, begun, pass, turn, replies, engine } = lab();
  pass(1, 0);
  receive('INVITE', 'good');
  receive('INVITE', 'faulty', { header: 'Max-Forwards: many' });
  receive('INVITE', 'faulty', { header: 'Max-Forwards: many' });
  receive('INVITE', 'other', { header: 'Max-Forwards: 1' });
  receive('INVITE', 'other', { header: 'Max-Forwards: 2' }); // of the same transaction
  receive('OPTIONS', 'good'); // behind the INVITE
  receive('INVITE', 'bad', { header: 'Max-Forwards: many' });
  receive('CANCEL', 'bad');
  assert.equal(engine.counters.absorbed, 2);
  assert.deepEqual(replies(), ['INVITE bad 400', 'CANCEL bad 200']);
  assert.equal(engine.waiting, 3);
  await engine.idle();
  assert.equal(engine.waiting, 0);
  await turn();
  await turn();
  assert.deepEqual(begun, ['bad', 'good', 'other', 'good']);
  assert.deepEqual(replies(), ['INVITE good 200', 'INVITE faulty 400', 'INVITE other 200', 'OPTIONS good 200']);
});

test('who would hear after half a minute is told that it was too long', async () => {
  const { receive, begun, pass, turn, spend, replies } = lab();
  pass(1, 0);
  receive('INVITE', 'late');
  spend(30_000);
  await turn();
  assert.deepEqual(begun, []);
  assert.deepEqual(replies(), ['INVITE late 504']);
});

test('the ACK to a refusal of our own goes no further', () => {
  const { receive, begun, pass, engine } = lab();
  pass(1, 0);
  receive('ACK', 'refused', { toTag: 'us-x' });
  receive('ACK', 'dialog', { toTag: 'b' });
  assert.deepEqual(begun, ['dialog']);
  assert.equal(engine.counters.absorbed, 1);
});

test('while the sockets hold more, reading goes first, but new work is never starved', async () => {
  const { receive, begun, pass, turn } = lab();
  pass(1, 0);
  receive('INVITE', 'new');
  await turn();
  assert.deepEqual(begun, ['new']);
  const readMany = () => {
    for (let i = 0; i < 40; i++) receive('BYE', `bye${i}`, { toTag: 'b' });
  };
  receive('INVITE', 'waits');
  readMany();
  await turn();
  assert.equal(begun.includes('waits'), false);
  pass(1, 0);
  readMany();
  await turn();
  assert.equal(begun.includes('waits'), true);
});

test('of a queue that stands the newest are turned away: 503, once, with a time to come back', async () => {
  const { receive, begun, pass, turn, replies, sent, engine } = lab();
  pass(11, 0);
  for (let i = 0; i < 1250; i++) receive('INVITE', `c${i}`);
  pass(10, 0);
  assert.equal(engine.overload.deferred, 1250, 'a burst is no overload');
  pass(1, 0);
  assert.equal(engine.overload.deferred, 1000);
  assert.match(sent[0] ?? '', /^SIP\/2\.0 503 Server Overloaded\r\n(.*\r\n)*Retry-After: 5\r\n/);
  assert.match(sent[1] ?? '', /\r\nRetry-After: 6\r\n/);
  const turnedAway = replies();
  assert.equal(turnedAway.length, 250);
  assert.deepEqual([turnedAway[0], turnedAway.at(-1)], ['INVITE c1249 503', 'INVITE c1000 503']);
  assert.deepEqual(
    engine.overload.health().map(({ code, since }) => [code, since]),
    [['SIP_OVERLOAD', 1_002_200]],
  );

  receive('INVITE', 'late');
  receive('INVITE', 'c0'); // a repetition of one that waits
  receive('INVITE', 'second', { header: CREDENTIALS });
  receive('BYE', 'bye', { toTag: 'b' });
  assert.deepEqual(replies(), ['INVITE late 503', 'BYE bye 200'], 'there is place for second legs');
  await turn();
  assert.deepEqual(begun.slice(1, 3), ['second', 'c0']);
  assert.equal(engine.overload.deferred, 0);
  assert.equal(engine.waiting, 0);
  replies();

  pass(2, 0.5);
  receive('INVITE', 'calm');
  assert.deepEqual(replies(), ['INVITE calm 200']);
  assert.equal(engine.overload.health().length, 1, 'for a while it still says so');
  pass(20, 0.5);
  assert.deepEqual(engine.overload.health(), []);
});

test('registrations that wait for the disk have a limit of their own, and calls go on', () => {
  const { receive, storing, pass, replies, engine } = lab();
  for (let i = 0; i < 5000; i++) receive('REGISTER', `r${i}`);
  pass(19, 0.5);
  for (const run of storing.slice(0, 1500)) run.resume(1);
  pass(1, 0.5);
  assert.equal(replies().filter((reply) => reply.endsWith('200')).length, 1500);
  // 1.5 in a millisecond: 1,350 may wait, twice as many with credentials.
  receive('REGISTER', 'first');
  receive('REGISTER', 'second', { header: CREDENTIALS });
  receive('INVITE', 'call');
  assert.deepEqual(replies(), ['REGISTER first 503', 'REGISTER second 503', 'INVITE call 200']);
  for (const run of storing.slice(1500, 3500)) run.resume(1);
  replies();
  receive('REGISTER', 'second', { header: CREDENTIALS });
  receive('REGISTER', 'first');
  assert.deepEqual(replies(), ['REGISTER first 503']);
  assert.equal(engine.waiting, 1501);
});

test('503s are bounded: a flood that does not listen is dropped', () => {
  const { receive, pass, replies, engine } = lab();
  pass(10, 0);
  for (let i = 0; i < 5000; i++) receive('INVITE', `c${i}`);
  pass(11, 0);
  assert.equal(replies().length, 1000);
  assert.equal(engine.overload.deferred, 4000, 'most of the answers are for those who come');
  for (let i = 0; i < 9001; i++) receive('INVITE', `d${i}`);
  assert.equal(replies().length, 9000);
  assert.equal(engine.overload.counters.dropped, 1);
  pass(3, 0);
  assert.equal(replies().length, 3000);
  receive('INVITE', 'again');
  assert.deepEqual(replies(), ['INVITE again 503']);
});

test('what waited for being read shows at once that there is no time to spare', async () => {
  const { receive, begun, reading, pass, turn } = lab();
  pass(5, 0.5);
  reading.waited = 30;
  receive('INVITE', 'new');
  receive('BYE', 'bye', { toTag: 'b' });
  assert.deepEqual(begun, ['bye']);
  await turn();
  assert.deepEqual(begun, ['bye', 'new']);
  reading.waited = 10;
  receive('INVITE', 'later');
  assert.equal(begun.at(-1), 'later');
});

test('what waits is bounded in bytes', () => {
  const { receive, replies, engine, storing } = lab();
  const body = 'x'.repeat(60_000);
  for (let i = 0; i < 1200; i++) receive('REGISTER', `r${i}`, { body });
  const refused = replies().length;
  assert.ok(refused > 0 && refused < 1200);
  assert.ok(engine.overload.characters < (64 << 20) + 2 * body.length);
  receive('MESSAGE', 'r0', { body });
  assert.equal(engine.counters.queueOverflows, 1);
  for (const run of storing) run.resume(1);
  assert.equal(engine.overload.characters, 0);
});
