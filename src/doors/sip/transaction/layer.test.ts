import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TimerWheel } from '../../../platform/timer-wheel.ts';
import type { SipMessage } from '../message/message.ts';
import { parseMessage } from '../message/parse.ts';
import { ConnectionNames } from '../transport/connection-names.ts';
import type { ListenPoint, Protocol, SendFailure, Source, Target, Transport } from '../transport/types.ts';
import { createTransactions, type TransactionOptions } from './layer.ts';
import type { ClientUser } from './types.ts';

function lab(protocol: Protocol = 'udp', limits: Partial<TransactionOptions> = {}) {
  let time = 0;
  const clock = { now: () => time, monotonic: () => time };
  const wheel = new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) });
  const point: ListenPoint = {
    protocol,
    address: '192.0.2.1',
    port: 5060,
    family: 4,
    name: `${protocol}:192.0.2.1:5060`,
    hostPort: '192.0.2.1:5060',
  };
  /** `time first-line` of everything sent. */
  const sent: string[] = [];
  const texts: string[] = [];
  const targets: Target[] = [];
  let failing: SendFailure | undefined;
  const transport: Transport = {
    points: [point],
    names: new ConnectionNames(),
    turn: Number.POSITIVE_INFINITY,
    waited: 0,
    start: async () => {},
    stop: async () => {},
    pointFor: () => point,
    connectionTo: () => undefined,
    alias: () => false,
    stats: () => ({ received: 0, sent: 0, sendErrors: 0, connections: 0, kernelDrops: 0 }),
    send(text, target, failure) {
      sent.push(`${time} ${text.slice(0, text.indexOf(' ', 8))}`);
      texts.push(text);
      targets.push(target);
      failing = failure;
    },
  };
  const transactions = createTransactions({
    transport,
    wheel,
    owner: 'w1',
    onError: (error) => assert.fail(String(error)),
    ...limits,
  });
  const go = (to: number) => {
    while (time < to) {
      time += 10;
      wheel.advance();
    }
  };
  /** Nothing may be left: no transaction, no timer. */
  const assertEmpty = () => {
    assert.equal(wheel.size, 0, 'timers');
    const { servers, clients } = transactions.stats;
    assert.deepEqual([servers, clients], [0, 0]);
  };
  const times = () => sent.map((line) => Number(line.split(' ')[0]));
  const target: Target = { protocol, address: '192.0.2.2', port: 5060, point, connection: undefined };
  const source: Source = { point, address: '192.0.2.9', port: 40_000, connection: undefined };
  const fail = (code: string) => failing!.sendFailed(code);
  return { wheel, transactions, sent, texts, targets, times, go, assertEmpty, target, source, fail, point };
}

function requestText(method: string, via: string, more: { uri?: string; cseq?: string; to?: string } = {}): string {
  return (
    `${method} ${more.uri ?? 'sip:bob@192.0.2.2'} SIP/2.0\r\nVia: SIP/2.0/UDP ${via}\r\nRoute: <sip:192.0.2.2;lr>\r\n` +
    `Max-Forwards: 9\r\nFrom: <sip:al@a>;tag=f1\r\nTo: ${more.to ?? '<sip:bob@b>'}\r\nCall-ID: c1\r\n` +
    `CSeq: ${more.cseq ?? `7 ${method}`}\r\nContact: <sip:al@192.0.2.9>\r\nContent-Length: 0\r\n\r\n`
  );
}

const parse = (text: string): SipMessage => parseMessage(text)!;
const request = (...args: Parameters<typeof requestText>) => parse(requestText(...args));

function response(status: number, branch: string, method: string): SipMessage {
  return parse(
    `SIP/2.0 ${status} X\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=${branch}\r\nFrom: <sip:al@a>;tag=f1\r\n` +
      `To: <sip:bob@b>;tag=t9\r\nCall-ID: c1\r\nCSeq: 7 ${method}\r\nContent-Length: 0\r\n\r\n`,
  );
}

function recorder() {
  const heard: string[] = [];
  const user: ClientUser = {
    onResponse: (_, message) => void heard.push(String(message.status)),
    onTimeout: () => void heard.push('timeout'),
    onTransportError: (_, code) => void heard.push(code),
  };
  return { heard, user };
}

function client(l: ReturnType<typeof lab>, method: string, timeoutMs?: number) {
  const branch = l.transactions.newBranch();
  const { heard, user } = recorder();
  const text = requestText(method, `192.0.2.1:5060;branch=${branch}`);
  const transaction = l.transactions.createClient({ method, branch, text, target: l.target, timeoutMs }, user);
  const answer = (status: number, of = method) => l.transactions.onResponse(response(status, branch, of), l.point);
  return { transaction, heard, answer, branch };
}

test('a lost INVITE is repeated after 500, 1000, 2000 … ms and given up after 32 s', () => {
  const l = lab();
  const { heard, transaction } = client(l, 'INVITE');
  l.go(31_990);
  assert.deepEqual(l.times(), [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
  assert.deepEqual(heard, []);
  l.go(32_000);
  assert.deepEqual(heard, ['timeout']);
  assert.equal(transaction.terminated, true);
  assert.equal(l.transactions.stats.timeouts, 1);
  assert.equal(l.transactions.stats.retransmissionsOut, 6);
  l.assertEmpty();
});

test('a lost OPTIONS is repeated after 500, 1000, 2000, 4000, 4000 … ms', () => {
  const l = lab();
  const { heard } = client(l, 'OPTIONS');
  l.go(40_000);
  assert.deepEqual(l.times(), [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
  assert.deepEqual(heard, ['timeout']);
  l.assertEmpty();
});

test('after a provisional response OPTIONS is repeated every 4 s, and timer F goes on', () => {
  const l = lab();
  const { heard, answer } = client(l, 'OPTIONS');
  l.go(100);
  answer(100);
  answer(180);
  l.go(32_000);
  assert.deepEqual(l.times(), [0, 500, 4500, 8500, 12_500, 16_500, 20_500, 24_500, 28_500]);
  assert.deepEqual(heard, ['180', 'timeout']);
  l.assertEmpty();
});

test('a final response to a non-INVITE is passed up once and its repetitions absorbed for 5 s', () => {
  const l = lab();
  const { heard, answer, transaction } = client(l, 'BYE');
  assert.equal(answer(200), true);
  assert.equal(answer(200), true);
  assert.equal(l.transactions.stats.retransmissionsIn, 1);
  assert.equal(transaction.text, '');
  l.go(4990);
  assert.equal(transaction.terminated, false);
  l.go(5000);
  assert.equal(answer(200), false);
  assert.equal(l.transactions.stats.strays, 1);
  assert.deepEqual(heard, ['200']);
  assert.deepEqual(l.times(), [0]);
  l.assertEmpty();
});

test('INVITE: no time limit after a provisional response; 100 is not passed up', () => {
  const l = lab();
  const { heard, answer } = client(l, 'INVITE', 30_000);
  answer(100);
  answer(183);
  l.go(300_000);
  assert.deepEqual(heard, ['183']);
  assert.deepEqual(l.times(), [0]);
  answer(200);
  answer(200);
  assert.deepEqual(heard, ['183', '200', '200']);
  l.go(332_000);
  l.assertEmpty();
});

test('the creator may set the time before any response', () => {
  const l = lab();
  const { heard } = client(l, 'INVITE', 3000);
  l.go(2990);
  assert.deepEqual(heard, []);
  l.go(3000);
  assert.deepEqual(heard, ['timeout']);
  const sent = l.texts.length;
  l.go(32_010);
  assert.equal(l.texts.length, sent, 'nothing is repeated');
  assert.deepEqual(heard, ['timeout']);
  l.assertEmpty();
});

test('an INVITE whose creator waits no more: who rings after all gets a CANCEL', () => {
  const l = lab();
  const { heard, answer } = client(l, 'INVITE', 3000);
  l.go(3000);
  answer(180);
  assert.match(l.texts.at(-1)!, /^CANCEL /);
  answer(487);
  assert.match(l.texts.at(-1)!, /^ACK /);
  assert.deepEqual(heard, ['timeout', '180', '487']);
  l.go(80_000);
  l.assertEmpty();
});

test('the ACK of a busy callee is built by 17.1.1.3, sent again for each repetition, for 32 s', () => {
  const l = lab();
  const { heard, answer, branch } = client(l, 'INVITE');
  answer(486);
  l.go(10_000);
  answer(486);
  assert.deepEqual(heard, ['486']);
  assert.equal(
    l.texts[1],
    `ACK sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=${branch}\r\nMax-Forwards: 70\r\n` +
      'Route: <sip:192.0.2.2;lr>\r\nFrom: <sip:al@a>;tag=f1\r\nTo: <sip:bob@b>;tag=t9\r\nCall-ID: c1\r\n' +
      'CSeq: 7 ACK\r\nContent-Length: 0\r\n\r\n',
  );
  assert.equal(l.texts[2], l.texts[1]);
  assert.deepEqual(l.times(), [0, 0, 10_000]);
  l.go(32_000);
  l.assertEmpty();
});

test('CANCEL after a provisional response goes out at once, is repeated, and is built by 9.1', () => {
  const l = lab();
  const { transaction, answer, heard, branch } = client(l, 'INVITE');
  answer(180);
  transaction.cancel();
  transaction.cancel();
  assert.equal(
    l.texts[1],
    `CANCEL sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=${branch}\r\nMax-Forwards: 70\r\n` +
      'Route: <sip:192.0.2.2;lr>\r\nFrom: <sip:al@a>;tag=f1\r\nTo: <sip:bob@b>\r\nCall-ID: c1\r\n' +
      'CSeq: 7 CANCEL\r\nContent-Length: 0\r\n\r\n',
  );
  l.go(500);
  assert.deepEqual(l.times(), [0, 0, 500]);
  answer(200, 'CANCEL');
  answer(487);
  assert.deepEqual(heard, ['180', '487']);
  transaction.cancel();
  assert.equal(l.sent.filter((line) => line.includes('CANCEL')).length, 2);
  l.go(40_000);
  l.assertEmpty();
});

test('CANCEL before any response waits for the first one', () => {
  const l = lab();
  const { transaction, answer } = client(l, 'INVITE');
  transaction.cancel();
  assert.equal(l.sent.length, 1);
  answer(100);
  assert.match(l.sent[1]!, /CANCEL/);
  answer(180);
  assert.equal(l.sent.length, 2);
});

test('CANCEL before any response is no more when the final response comes first', () => {
  const l = lab();
  const { transaction, answer, heard } = client(l, 'INVITE');
  transaction.cancel();
  answer(200);
  assert.deepEqual(heard, ['200']);
  assert.equal(l.sent.length, 1);
});

test('a cancelled INVITE that is never answered ends 32 s after the CANCEL', () => {
  const l = lab();
  const { transaction, answer, heard } = client(l, 'INVITE');
  answer(180);
  l.go(60_000);
  transaction.cancel();
  l.go(91_990);
  assert.deepEqual(heard, ['180']);
  l.go(92_000);
  assert.deepEqual(heard, ['180', 'timeout']);
  l.assertEmpty();
});

test('a transport error ends the transaction, and is told once', () => {
  const l = lab();
  const { heard, transaction } = client(l, 'INVITE');
  l.fail('ECONNREFUSED');
  assert.deepEqual(heard, ['ECONNREFUSED']);
  assert.equal(transaction.terminated, true);
  l.fail('ECONNREFUSED');
  assert.deepEqual(heard, ['ECONNREFUSED']);
  l.assertEmpty();
});

test('a request that our own parser cannot read ends like any other, without ACK and CANCEL', () => {
  const l = lab();
  const branch = l.transactions.newBranch();
  const { heard, user } = recorder();
  const text = requestText('INVITE', 'x').replace('SIP/2.0\r\n', '\r\n');
  assert.equal(parseMessage(text), undefined);
  const transaction = l.transactions.createClient({ method: 'INVITE', branch, text, target: l.target }, user);
  l.transactions.onResponse(response(180, branch, 'INVITE'), l.point);
  transaction.cancel();
  l.transactions.onResponse(response(486, branch, 'INVITE'), l.point);
  assert.deepEqual(heard, ['180', '486']);
  assert.equal(l.sent.length, 1);
  l.go(32_000);
  l.assertEmpty();
});

test('over TCP nothing is repeated, and there is nothing to wait for', () => {
  const l = lab('tcp');
  const bye = client(l, 'BYE');
  const failed = client(l, 'INVITE');
  const lost = client(l, 'INVITE');
  l.go(20_000);
  assert.deepEqual(l.times(), [0, 0, 0]);
  bye.answer(200);
  assert.equal(bye.transaction.terminated, true);
  assert.deepEqual(bye.heard, ['200']);
  failed.answer(404);
  assert.equal(failed.transaction.terminated, true);
  assert.deepEqual(failed.heard, ['404']);
  assert.match(l.sent[3]!, /ACK/);
  l.go(32_000);
  assert.deepEqual(lost.heard, ['timeout']);
  l.assertEmpty();
});

const BRANCH = '192.0.2.9:5070;branch=z9hG4bKabc';

test('INVITE server: responses repeat by timer G until the ACK comes, then 5 s of quiet', () => {
  const l = lab();
  const server = l.transactions.createServer(request('INVITE', BRANCH), l.source, undefined);
  assert.equal(server.respond(100, 'SIP/2.0 100 Trying'), true);
  l.transactions.absorb(server, request('INVITE', BRANCH));
  assert.equal(l.transactions.stats.retransmissionsIn, 1);
  assert.equal(server.respond(404, 'SIP/2.0 404 Not Found'), true);
  assert.equal(server.respond(200, 'SIP/2.0 200 OK'), false);
  assert.equal(server.respond(180, 'SIP/2.0 180 Ringing'), false);
  l.go(12_000);
  assert.deepEqual(l.times(), [0, 0, 0, 500, 1500, 3500, 7500, 11_500]);
  const ack = request('ACK', BRANCH, { to: '<sip:bob@b>;tag=x' });
  assert.equal(l.transactions.find(ack), server);
  l.transactions.absorb(server, ack);
  l.transactions.absorb(server, request('INVITE', BRANCH));
  l.go(16_990);
  assert.equal(l.transactions.find(ack), server);
  l.go(17_000);
  assert.equal(server.terminated, true);
  assert.equal(l.times().length, 8);
  assert.equal(server.respond(404, 'x'), false);
  l.assertEmpty();
});

test('INVITE server without an ACK is abandoned after 32 s (timer H)', () => {
  const l = lab();
  let abandoned = 0;
  const user = { onCancel: () => assert.fail(), onAbandoned: () => void abandoned++ };
  const server = l.transactions.createServer(request('INVITE', BRANCH), l.source, user);
  server.respond(486, 'SIP/2.0 486 Busy');
  l.go(31_990);
  assert.equal(abandoned, 0);
  assert.deepEqual(l.times().slice(0, 6), [0, 500, 1500, 3500, 7500, 11_500]);
  l.go(32_000);
  assert.equal(abandoned, 1);
  l.assertEmpty();
});

test('INVITE server after a 2xx: absorbs INVITEs, lets more 2xx through, its ACK is not the transaction’s', () => {
  const l = lab();
  const server = l.transactions.createServer(request('INVITE', BRANCH), l.source, undefined);
  assert.equal(server.respond(200, 'SIP/2.0 200 OK'), true);
  assert.equal(server.respond(200, 'SIP/2.0 200 OK'), true);
  assert.equal(server.respond(486, 'SIP/2.0 486 Busy'), false);
  assert.equal(l.transactions.find(request('INVITE', BRANCH)), server);
  l.transactions.absorb(server, request('INVITE', BRANCH));
  assert.equal(l.transactions.find(request('ACK', BRANCH)), undefined);
  l.go(31_990);
  assert.equal(l.sent.length, 2);
  assert.equal(server.terminated, false);
  l.go(32_000);
  l.assertEmpty();
});

test('non-INVITE server: a request is absorbed before, and answered after the response, for 32 s', () => {
  const l = lab();
  const message = request('REGISTER', BRANCH);
  const server = l.transactions.createServer(message, l.source, undefined);
  l.transactions.absorb(server, message);
  assert.equal(l.sent.length, 0);
  server.respond(200, 'SIP/2.0 200 OK');
  l.transactions.absorb(server, message);
  assert.equal(l.sent.length, 2);
  assert.deepEqual([l.targets[0]!.address, l.targets[0]!.port, l.targets[0]!.protocol], ['192.0.2.9', 5070, 'udp']);
  l.go(32_000);
  l.assertEmpty();
});

test('non-INVITE server: a 408 is not sent (RFC 4320), and its request is still absorbed', () => {
  const l = lab();
  const server = l.transactions.createServer(request('BYE', BRANCH), l.source, undefined);
  assert.equal(server.respond(408, 'SIP/2.0 408 Timeout'), true);
  l.transactions.absorb(server, request('BYE', BRANCH));
  assert.equal(l.sent.length, 0);
  l.go(32_000);
  l.assertEmpty();
});

test('servers over TCP: no repetition; what is answered is over, an INVITE with its ACK', () => {
  const l = lab('tcp');
  const bye = l.transactions.createServer(request('BYE', BRANCH), l.source, undefined);
  bye.respond(200, 'SIP/2.0 200 OK');
  assert.equal(bye.terminated, true);
  let abandoned = 0;
  const user = { onCancel: () => assert.fail(), onAbandoned: () => void abandoned++ };
  const invite = l.transactions.createServer(request('INVITE', BRANCH), l.source, user);
  invite.respond(404, 'SIP/2.0 404 Not Found');
  l.go(5000);
  assert.equal(l.sent.length, 2);
  l.fail('EPIPE');
  l.fail('EPIPE');
  assert.equal(abandoned, 1);
  l.transactions.absorb(invite, request('ACK', BRANCH));
  assert.equal(invite.terminated, true);
  l.assertEmpty();
});

test('force_rport answers to the source port', () => {
  const l = lab();
  l.transactions.createServer(request('BYE', BRANCH), l.source, undefined, true).respond(200, 'SIP/2.0 200 OK');
  assert.equal(l.targets[0]!.port, 40_000);
});

test('the same branch from another sent-by, or with another method, is another transaction', () => {
  const l = lab();
  const server = l.transactions.createServer(request('INVITE', BRANCH), l.source, undefined);
  assert.equal(l.transactions.find(request('INVITE', '192.0.2.9:5071;branch=z9hG4bKabc')), undefined);
  assert.equal(l.transactions.find(request('INVITE', '192.0.2.8:5070;branch=z9hG4bKabc')), undefined);
  assert.equal(l.transactions.find(request('BYE', BRANCH)), undefined);
  assert.equal(l.transactions.find(request('CANCEL', BRANCH)), undefined);
  assert.equal(l.transactions.findCancelled(request('CANCEL', BRANCH)), server);
  assert.equal(l.transactions.findCancelled(request('CANCEL', '192.0.2.9:5070;branch=z9hG4bKabd')), undefined);
  assert.throws(() => l.transactions.createServer(request('INVITE', BRANCH), l.source, undefined));
});

test('RFC 2543: without the cookie, URI, From tag, Call-ID, CSeq number and Via decide', () => {
  const l = lab();
  for (const via of ['192.0.2.9:5070', '192.0.2.9:5070;branch=1']) {
    const server = l.transactions.createServer(request('INVITE', via), l.source, undefined);
    server.respond(404, 'SIP/2.0 404 Not Found');
    assert.equal(l.transactions.find(request('INVITE', via)), server);
    const ack = request('ACK', via, { to: '<sip:bob@b>;tag=t', cseq: '7 ACK' });
    assert.equal(l.transactions.find(ack), server);
    assert.equal(l.transactions.findCancelled(request('CANCEL', via)), server);
    assert.equal(l.transactions.find(request('INVITE', via, { cseq: '8 INVITE' })), undefined);
    assert.equal(l.transactions.find(request('INVITE', via, { uri: 'sip:eve@192.0.2.2' })), undefined);
    assert.equal(l.transactions.find(request('INVITE', '192.0.2.8:5070')), undefined);
  }
});

test('beyond the limit creation is refused, but not the CANCEL of what runs', () => {
  const l = lab('udp', { maxTransactions: 2 });
  const { transaction, answer } = client(l, 'INVITE');
  l.transactions.createServer(request('INVITE', BRANCH), l.source, undefined);
  assert.throws(() => client(l, 'BYE'), { code: 'OVERLOADED' });
  assert.throws(() => l.transactions.createServer(request('BYE', BRANCH), l.source, undefined), { code: 'OVERLOADED' });
  answer(180);
  transaction.cancel();
  assert.match(l.sent.at(-1)!, /CANCEL/);
});

test('beyond the limit what is over is forgotten, the oldest first, and what runs stays', () => {
  const l = lab('udp', { maxTransactions: 20 });
  const invite = (branch: number) => request('INVITE', `192.0.2.9:5070;branch=z9hG4bK${branch}`);
  const serve = (branch: number) => l.transactions.createServer(invite(branch), l.source, undefined);
  const ringing = serve(0);
  const bye = client(l, 'BYE');
  bye.answer(200);
  for (let i = 1; i < 19; i++) serve(i).respond(200, 'SIP/2.0 200 OK');
  serve(19);
  const found = Array.from({ length: 20 }, (_, i) => l.transactions.find(invite(i)) !== undefined);
  assert.deepEqual(found, [true, ...Array(7).fill(false), ...Array(12).fill(true)]);
  assert.deepEqual([ringing.terminated, bye.transaction.terminated], [false, true]);
  for (let i = 20; i < 38; i++) serve(i);
  assert.ok(l.transactions.find(invite(0)), 'it rings still');
  assert.throws(() => serve(38), { code: 'OVERLOADED' });
});

test('branches carry cookie and owner and are all different', () => {
  const l = lab();
  const branches = new Set(Array.from({ length: 5000 }, () => l.transactions.newBranch()));
  assert.equal(branches.size, 5000);
  for (const branch of branches) assert.match(branch, /^z9hG4bKw1\.[0-9a-z]+\.[\w-]{11}$/);
});

test('a response to another method or to nobody’s branch is a stray', () => {
  const l = lab();
  const { answer, heard } = client(l, 'INVITE');
  assert.equal(answer(200, 'BYE'), false);
  assert.equal(l.transactions.onResponse(response(200, 'z9hG4bKforged', 'INVITE'), l.point), false);
  assert.deepEqual(heard, []);
  assert.equal(l.transactions.stats.strays, 2);
});

test('drain waits for the last transaction, or for its time', async () => {
  const l = lab();
  await l.transactions.drain(1000);
  const { answer } = client(l, 'BYE');
  let drained = 0;
  const first = l.transactions.drain(60_000).then(() => drained++);
  const second = l.transactions.drain(1000).then(() => drained++);
  l.go(1000);
  await second;
  assert.equal(drained, 1);
  answer(200);
  l.go(6000);
  await first;
  l.assertEmpty();
});

test('beyond the limit of characters creation is refused; what ends makes room', () => {
  const message = request('MESSAGE', BRANCH);
  const size = message.raw.length;
  const l = lab('udp', { maxCharacters: 2 * size + 200 });
  const server = l.transactions.createServer(message, l.source, undefined);
  assert.equal(l.transactions.budget.held, size);
  const { answer } = client(l, 'BYE');
  const more = () => l.transactions.createServer(request('INVITE', `${BRANCH}2`), l.source, undefined);
  assert.throws(more, { code: 'OVERLOADED' });
  answer(200);
  assert.equal(l.transactions.budget.held, size, 'a request that was answered is not kept');
  server.respond(200, 'SIP/2.0 200 OK');
  assert.equal(l.transactions.budget.held, 14, 'only the response may be sent again');
  more().respond(200, 'SIP/2.0 200 OK');
  l.go(40_000);
  assert.equal(l.transactions.budget.held, 0);
  l.assertEmpty();
});

test('transactions that have ended are held by nothing', async () => {
  const l = lab();
  const ended: WeakRef<object>[] = [];
  const make = (number: number) => {
    const server = l.transactions.createServer(request('BYE', `${BRANCH}${number}`), l.source, undefined);
    server.respond(200, 'SIP/2.0 200 OK');
    ended.push(new WeakRef(server));
  };
  for (let i = 1; i <= 1000; i++) {
    make(i);
    l.go(i * 100);
  }
  l.go(140_000);
  l.assertEmpty();
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  await new Promise(setImmediate); // until then whatever was asked for by a WeakRef lives
  collect();
  const held = ended.filter((one) => one.deref() !== undefined).length;
  assert.ok(held <= 1, `${held} of ${ended.length} are there yet`);
});

test('nothing that a user throws leaves when a message could not be sent', () => {
  const failures: unknown[] = [];
  const l = lab('udp', { onError: (error) => void failures.push(error) });
  const branch = l.transactions.newBranch();
  const text = requestText('BYE', `192.0.2.1:5060;branch=${branch}`);
  const bug = new Error('a fault of ours');
  const user: ClientUser = {
    ...recorder().user,
    onTransportError() {
      throw bug;
    },
  };
  l.transactions.createClient({ method: 'BYE', branch, text, target: l.target }, user);
  l.fail('ECONNREFUSED');
  assert.deepEqual(failures, [bug]);
  l.assertEmpty();
});
