/** The engine with its transactions under more than it can do; clock and rest are the test's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../platform/log.ts';
import { TimerWheel } from '../../../platform/timer-wheel.ts';
import { Engine } from '../engine.ts';
import { UDP } from '../modules/lab.ts';
import type { Run } from '../run.ts';
import { createTransactions } from '../transaction/layer.ts';
import type { Source, Transport } from '../transport/types.ts';

const STEP = 100;

/** The script answers what it begins with 200, REGISTERs when the test says so. */
function lab() {
  let now = 0;
  let rested = 0;
  const clock = { now: () => 1_000_000 + now, monotonic: () => now };
  const failed = (error: unknown) => assert.fail(String(error));
  const wheel = new TimerWheel({ clock, onError: failed });
  const sent: string[] = [];
  const transport = { points: [UDP], send: (text: string) => void sent.push(text) } as unknown as Transport;
  const begun: string[] = [];
  const storing: Run[] = [];
  const engine = new Engine({
    transport,
    transactions: createTransactions({ transport, wheel, owner: '0', onError: failed }),
    clock,
    wheel,
    log: silentLog,
    rested: () => rested,
    server: '',
    tagPrefix: 'us-',
    script: {
      start(run) {
        begun.push(run.message.callId);
        if (run.message.method === 'REGISTER') {
          storing.push(run);
          run.suspend();
          return false;
        }
        run.reply(run.cancelled ? 487 : 200, 'Said');
        return true;
      },
      resume(run) {
        run.reply(200, 'Stored');
        return true;
      },
    },
  });
  engine.overload.run();
  const source: Source = { point: UDP, address: '198.51.100.7', port: 5070, connection: undefined };
  return {
    engine,
    begun,
    storing,
    receive: (method: string, callId: string, options: Options = {}) =>
      engine.onMessage(request(method, callId, options), source),
    /** So many steps, of which the loop rests a part. */
    pass(steps: number, rest: number) {
      for (let step = 0; step < steps; step++) {
        rested += rest * STEP;
        now += STEP;
        wheel.advance();
      }
    },
    /** `INVITE c1 503` for each reply since it was asked last. */
    replies: () =>
      sent.splice(0).map((text) => {
        const callId = /Call-ID: (.*)\r/.exec(text)![1];
        return `${/CSeq: \d+ (.*)\r/.exec(text)![1]} ${callId} ${text.slice(8, 11)}`;
      }),
    sent,
    /** One turn of the event loop. */
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

interface Options {
  readonly toTag?: string;
  readonly header?: string;
  readonly body?: string;
}

const CREDENTIALS = 'Authorization: Digest username="alice"';

function request(method: string, callId: string, { toTag, header, body = '' }: Options): string {
  const branch = method === 'CANCEL' ? 'INVITE' : method;
  const lines = [
    `${method} sip:bob@example.com SIP/2.0`,
    `Via: SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bK${callId}${branch}${header ? 'second' : ''}`,
    'From: <sip:alice@example.com>;tag=a',
    `To: <sip:bob@example.com>${toTag ? `;tag=${toTag}` : ''}`,
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    ...(header ? [header] : []),
    `Content-Length: ${body.length}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

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
  pass(1, 0);
  for (let i = 0; i < 300; i++) receive('INVITE', `c${i}`);
  pass(1, 0);
  assert.equal(engine.overload.deferred, 300, 'a burst is no overload');
  pass(1, 0);
  assert.equal(engine.overload.deferred, 50);
  assert.match(sent[0] ?? '', /^SIP\/2\.0 503 Server Overloaded\r\n(.*\r\n)*Retry-After: 5\r\n/);
  assert.match(sent[1] ?? '', /\r\nRetry-After: 6\r\n/);
  const turnedAway = replies();
  assert.equal(turnedAway.length, 250);
  assert.deepEqual([turnedAway[0], turnedAway.at(-1)], ['INVITE c299 503', 'INVITE c50 503']);
  assert.deepEqual(
    engine.overload.health().map(({ code, since }) => [code, since]),
    [['SIP_OVERLOAD', 1_000_300]],
  );

  receive('INVITE', 'late');
  receive('INVITE', 'c0'); // a repetition of one that waits
  receive('INVITE', 'second', { header: CREDENTIALS });
  receive('BYE', 'bye', { toTag: 'b' });
  assert.deepEqual(
    replies(),
    ['INVITE late 503', 'INVITE c49 503', 'BYE bye 200'],
    'the second leg took a first one’s place',
  );
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
  pass(1, 0.5);
  for (const run of storing.slice(0, 100)) run.resume(1);
  pass(1, 0.5);
  assert.equal(replies().filter((reply) => reply.endsWith('200')).length, 100);
  // One in a millisecond: 1,500 may wait, twice as many with credentials.
  receive('REGISTER', 'first');
  receive('REGISTER', 'second', { header: CREDENTIALS });
  receive('INVITE', 'call');
  assert.deepEqual(replies(), ['REGISTER first 503', 'REGISTER second 503', 'INVITE call 200']);
  for (const run of storing.slice(100, 3000)) run.resume(1);
  replies();
  receive('REGISTER', 'second', { header: CREDENTIALS });
  receive('REGISTER', 'first');
  assert.deepEqual(replies(), ['REGISTER first 503']);
  assert.equal(engine.waiting, 2001);
});

test('503s are bounded: a flood that does not listen is dropped', () => {
  const { receive, pass, replies, engine } = lab();
  pass(1, 0);
  for (let i = 0; i < 100; i++) receive('INVITE', `c${i}`);
  pass(2, 0);
  for (let i = 0; i < 4000; i++) receive('INVITE', `f${i}`);
  assert.equal(replies().length, 2500);
  assert.equal(engine.overload.counters.dropped, 1550);
  pass(1, 0);
  receive('INVITE', 'again');
  assert.deepEqual(replies(), ['INVITE again 503']);
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
