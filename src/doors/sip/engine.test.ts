import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../platform/log.ts';
import { TimerWheel } from '../../platform/timer-wheel.ts';
import { Engine } from './engine.ts';
import { parseMessage } from './message/parse.ts';
import { replyTarget } from './message/reply.ts';
import { UDP } from './modules/lab.ts';
import type { Run } from './run.ts';
import { createTransactions } from './transaction/layer.ts';
import type { Source, Transport } from './transport/types.ts';

/** The engine over real transactions; the script waits at once, and is what the test says when it goes on. */
function lab(onResume: (run: Run) => boolean = () => true) {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  const wheel = new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) });
  const sent: string[] = [];
  const transport = {
    points: [UDP],
    send: (text: string) => void sent.push(text.slice(0, text.indexOf('\r\n'))),
  } as unknown as Transport;
  const transactions = createTransactions({
    transport,
    wheel,
    owner: '0',
    onError: (error) => assert.fail(String(error)),
  });
  const runs: Run[] = [];
  const complaints: string[] = [];
  const say = (text: string, fields?: object) => void complaints.push(`${text} ${JSON.stringify(fields)}`);
  const engine = new Engine({
    transport,
    transactions,
    clock,
    wheel,
    log: { ...silentLog, info: say, warn: say, error: say },
    tagPrefix: 'us-',
    script: {
      server: '',
      start(run) {
        runs.push(run);
        run.suspend();
        return false;
      },
      resume: onResume,
    },
  });
  const source: Source = { point: UDP, address: '198.51.100.7', port: 5070, connection: undefined };
  return {
    engine,
    transactions,
    runs,
    sent,
    complaints,
    source,
    receive: (method: string, cseq = 1) => engine.onMessage(request(method, cseq), source),
    /** As `t_relay` does, but for the branches. */
    relay(run: Run) {
      let cancels = 0;
      const user = { onCancel: () => void cancels++, onAbandoned: () => {} };
      run.transaction = transactions.createServer(run.message, source, user);
      run.relayed = true;
      assert.equal(replyTarget(run.message, source, false).port, 5070);
      return () => cancels;
    },
    pass(ms: number) {
      for (const end = now + ms; now < end; ) {
        now += 100;
        wheel.advance();
      }
    },
  };
}

function request(method: string, cseq: number): string {
  const lines = [
    `${method} sip:bob@example.com SIP/2.0`,
    `Via: SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bK${cseq}`,
    'From: <sip:alice@example.com>;tag=a',
    'To: <sip:bob@example.com>',
    'Call-ID: c1',
    `CSeq: ${cseq} ${method}`,
    'Content-Length: 0',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

test('a CANCEL while the script waits behind t_relay reaches the call', () => {
  const { receive, relay, runs, sent } = lab();
  receive('INVITE');
  const cancels = relay(runs[0]!);
  receive('CANCEL');
  assert.deepEqual(sent, ['SIP/2.0 200 OK']);
  assert.equal(cancels(), 1);
});

test('a script that waits too long behind t_relay is given up, and the relayed call goes on', () => {
  const { receive, relay, runs, sent, engine, pass } = lab();
  receive('INVITE');
  const cancels = relay(runs[0]!);
  pass(31_000);
  assert.equal(engine.waiting, 0);
  assert.equal(cancels(), 0);
  assert.deepEqual(sent, []);
  assert.equal(runs[0]?.transaction?.respond(200, 'SIP/2.0 200 OK\r\n'), true);
});

test('a script that fails when it goes on: 500, and what waits behind it has its turn', () => {
  const { receive, runs, sent, complaints, engine } = lab((run) => {
    if (run.message.method === 'INVITE') throw new Error('a fault of ours');
    run.reply(200, 'OK');
    return true;
  });
  receive('INVITE', 1);
  receive('OPTIONS', 2);
  assert.equal(engine.waiting, 1);
  runs[0]?.resume(1);
  assert.deepEqual(sent, ['SIP/2.0 500 Server Internal Error']);
  assert.match(complaints.join(), /a fault of ours/);
  runs[1]?.resume(1);
  assert.equal(sent[1], 'SIP/2.0 200 OK');
  assert.equal(engine.waiting, 0);
});

test('a stream that cannot be framed is answered with what is wrong, and logged once a minute', () => {
  const { engine, source, sent, complaints, pass } = lab();
  const head = request('OPTIONS', 1).replace('Content-Length: 0', 'Content-Length: nine');
  assert.ok(parseMessage(head));
  for (const [status, reason] of [
    [400, 'Bad Content-Length Header'],
    [513, 'Headers Too Large'],
  ] as const)
    engine.onUnframed({ status, reason }, source, head);
  assert.deepEqual(sent, ['SIP/2.0 400 Bad Content-Length Header', 'SIP/2.0 513 Headers Too Large']);
  assert.equal(complaints.length, 1);
  assert.match(complaints[0]!, /Bad Content-Length Header/);
  pass(61_000);
  engine.onUnframed({ status: 400, reason: 'X' }, source, head);
  assert.equal(complaints.length, 2);
  assert.equal(engine.counters.garbage, 3);
});
