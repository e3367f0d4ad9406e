/** RFC 3261 section 18.1.1: a request too large for UDP goes by TCP, and by UDP where that is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenPoint } from '../../transport/point.ts';
import { lab, point, request, US } from './relay-lab.ts';

const URI = 'sip:bob@192.0.2.20';
const TCP = listenPoint('tcp', US, 5060);

/** A lab that speaks TCP too. */
function both() {
  const made = lab();
  const { transport, requests } = made;
  Object.assign(transport, {
    points: [point, TCP],
    pointFor: (protocol: string) => (protocol === 'tcp' ? TCP : point),
  });
  const ways = (method = 'INVITE') => requests(method).map(({ target }) => target.protocol);
  return { ...made, ways };
}

const filler = (length: number) => [`X-Filler: ${'x'.repeat(length)}`];

test('1,300 bytes go by UDP, one more by TCP; both Via and Record-Route name that socket', () => {
  const { receive, requests, ways } = both();
  receive(request('MESSAGE', URI, filler(500), 'z9hG4bKcaller1'));
  const [small] = requests('MESSAGE');
  const room = 1300 - small!.text.length;
  receive(request('MESSAGE', URI, filler(500 + room), 'z9hG4bKcaller2'));
  assert.ok(requests('MESSAGE').every(({ text }) => text.length <= 1300));
  receive(request('MESSAGE', URI, filler(500 + room + 1), 'z9hG4bKcaller3'), (run) => {
    run.recordRoute = { lines: (inside, outside) => `Record-Route: ${outside.name} ${inside.name}\r\n` };
  });
  assert.deepEqual(ways('MESSAGE'), ['udp', 'udp', 'tcp']);
  const large = requests('MESSAGE')[2]!;
  assert.match(large.text, /^Via: SIP\/2.0\/TCP .*\r\nRecord-Route: tcp:192.0.2.1:5060 udp:192.0.2.1:5060\r\n/m);
});

test('where TCP is refused the same goes by UDP, and the next one at once', () => {
  const { receive, requests, ways, respond, upstream, relay } = both();
  receive(request('INVITE', URI, filler(1300)));
  assert.deepEqual(ways(), ['tcp']);
  requests('INVITE')[0]!.failure?.sendFailed('ECONNREFUSED');
  assert.deepEqual(ways(), ['tcp', 'udp']);
  assert.match(requests('INVITE')[1]!.text, /^Via: SIP\/2.0\/UDP /m);
  respond(requests('INVITE')[1]!, 200);
  assert.deepEqual(upstream(), [100, 200]);
  receive(request('INVITE', URI, filler(1300), 'z9hG4bKagain'));
  assert.deepEqual(ways(), ['tcp', 'udp', 'udp']);
  assert.equal(relay.counters.failovers, 1);
});

test('a server that was reached by TCP does not get it by UDP too: not when it is silent, nor when it refuses', () => {
  const silent = both();
  silent.receive(request('INVITE', URI, filler(1300)));
  silent.pass(31);
  assert.deepEqual([silent.ways(), silent.upstream()], [['tcp'], [100, 408]]);
  silent.pass(60);
  assert.equal(silent.transactions.budget.held, 0);
  const refusing = both();
  refusing.receive(request('INVITE', URI, filler(1300)));
  refusing.respond(refusing.requests('INVITE')[0]!, 503);
  assert.deepEqual([refusing.ways(), refusing.upstream()], [['tcp'], [100, 500]]);
});

for (const [what, changes] of [
  ['transport=udp', { uri: `${URI};transport=udp` }],
  ['a contact that was registered over UDP', { uriFrom: point }],
  ['a socket that the script names', { sendFrom: point }],
] as const) {
  test(`${what}: UDP, however large`, () => {
    const { receive, ways } = both();
    receive(request('INVITE', URI, filler(1300)), (run) => void Object.assign(run, changes));
    assert.deepEqual(ways(), ['udp']);
  });
}

test('without a socket of TCP all goes by UDP', () => {
  const { receive, requests } = lab();
  receive(request('INVITE', URI, filler(1300)));
  assert.equal(requests('INVITE')[0]?.target.protocol, 'udp');
});

test('a caller who gives up while TCP is tried is not sent on by UDP', () => {
  const { receive, requests, ways, upstream } = both();
  receive(request('INVITE', URI, filler(1300)));
  receive(request('CANCEL', URI));
  requests('INVITE')[0]!.failure?.sendFailed('ECONNREFUSED');
  assert.deepEqual([ways(), upstream()], [['tcp'], [100, 487]]);
});
