import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListenPoint } from '../transport/types.ts';
import { cleanHeaders, headerLine } from './header-text.ts';
import { parseMessage } from './parse.ts';
import { buildReply, replyTarget } from './reply.ts';

const point: ListenPoint = {
  protocol: 'udp',
  address: '192.0.2.1',
  port: 5060,
  family: 4,
  name: '',
  hostPort: '192.0.2.1:5060',
};
const source = { point, address: '198.51.100.7', port: 40001, connection: undefined };
const request = (via: string, method = 'INVITE', to = 'To: <sip:b@h>') =>
  parseMessage(
    `${method} sip:b@h SIP/2.0\r\nVia: ${via}\r\nVia: SIP/2.0/TCP far\r\nRecord-Route: <sip:r;lr>\r\n` +
      `From: <sip:a@h>;tag=1\r\n${to}\r\nCall-ID: c\r\nCSeq: 7 ${method}\r\nTimestamp: 54\r\n\r\n`,
  )!;
const base = { source, status: 404, reason: 'Not Found', headers: '', toTag: 't', forceRport: false, server: '' };

test('copies what a response repeats, in its order', () => {
  const text = buildReply({
    ...base,
    request: request('SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1'),
    server: 'gatehouse',
  });
  assert.equal(
    text,
    'SIP/2.0 404 Not Found\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1\r\nVia: SIP/2.0/TCP far\r\nFrom: <sip:a@h>;tag=1\r\n' +
      'To: <sip:b@h>;tag=t\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\nServer: gatehouse\r\nContent-Length: 0\r\n\r\n',
  );
});

test('what it repeats may stand in any order with other headers between, and comes once', () => {
  const scattered = parseMessage(
    'OPTIONS sip:b@h SIP/2.0\r\nCall-ID: c\r\nv: SIP/2.0/UDP 198.51.100.7\r\nTo: <sip:b@h> \r\nVia: SIP/2.0/TCP far\r\n' +
      'X: y\r\nCSeq: 7 OPTIONS\r\nX: y\r\nf: <sip:a@h>;tag=1\r\nFrom: <sip:z@h>;tag=2\r\n\r\n',
  )!;
  assert.equal(
    buildReply({ ...base, request: scattered }),
    'SIP/2.0 404 Not Found\r\nCall-ID: c\r\nv: SIP/2.0/UDP 198.51.100.7\r\nTo: <sip:b@h>;tag=t \r\nVia: SIP/2.0/TCP far\r\n' +
      'CSeq: 7 OPTIONS\r\nf: <sip:a@h>;tag=1\r\nContent-Length: 0\r\n\r\n',
  );
});

test('a CR alone, which is a fault, is not repeated', () => {
  const request = parseMessage(
    'OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7;x="\r"\r\nFrom: <sip:a@h>\rX: y\r\nTo: <sip:b@h>\r\nCall-ID: c\r\r\nCSeq: 7 OPTIONS\r\n\r\n',
  )!;
  const text = buildReply({ ...base, request });
  assert.match(text, /\r\nFrom: <sip:a@h> X: y\r\n/);
  assert.doesNotMatch(text, /\r(?!\n)/);
});

test('Record-Route in responses that may form a dialog, Timestamp in 100', () => {
  const reply = (status: number, method: string) =>
    buildReply({ ...base, status, request: request('SIP/2.0/UDP h', method) });
  assert.match(reply(180, 'INVITE'), /Record-Route/);
  assert.doesNotMatch(reply(100, 'INVITE'), /Record-Route/);
  assert.doesNotMatch(reply(200, 'REGISTER'), /Record-Route/);
  assert.match(reply(100, 'INVITE'), /Timestamp: 54/);
  assert.doesNotMatch(reply(180, 'INVITE'), /Timestamp/);
});

const VIAS: [string, boolean, string][] = [
  ['SIP/2.0/UDP 198.51.100.7;branch=b', false, 'SIP/2.0/UDP 198.51.100.7;branch=b'],
  ['SIP/2.0/UDP nat;branch=b', false, 'SIP/2.0/UDP nat;branch=b;received=198.51.100.7'],
  ['SIP/2.0/UDP nat;rport;branch=b', false, 'SIP/2.0/UDP nat;branch=b;received=198.51.100.7;rport=40001'],
  ['SIP/2.0/UDP 198.51.100.7;branch=b', true, 'SIP/2.0/UDP 198.51.100.7;branch=b;received=198.51.100.7;rport=40001'],
  ['SIP/2.0/UDP nat;received=6.6.6.6;rport=6;x=y', false, 'SIP/2.0/UDP nat;x=y;received=198.51.100.7;rport=40001'],
  ['SIP/2.0/UDP nat;rport=6;x=y;received=6.6.6.6', false, 'SIP/2.0/UDP nat;x=y;received=198.51.100.7;rport=40001'],
  ['SIP/2.0/UDP 198.51.100.7;received=6.6.6.6', false, 'SIP/2.0/UDP 198.51.100.7'],
  ['SIP/2.0/UDP nat;branch=b,SIP/2.0/UDP x', false, 'SIP/2.0/UDP nat;branch=b;received=198.51.100.7,SIP/2.0/UDP x'],
];
for (const [via, forceRport, expected] of VIAS) {
  test(`completes ${via}${forceRport ? ', forced' : ''}`, () => {
    const reply = parseMessage(buildReply({ ...base, request: request(via), forceRport }))!;
    assert.equal(reply.valueAt(0), expected);
  });
}

test('To keeps its tag, and gets none where none is given', () => {
  const to = (line: string, toTag: string) =>
    parseMessage(buildReply({ ...base, toTag, request: request('SIP/2.0/UDP h', 'INVITE', line) }))!.toTag;
  assert.equal(to('To: <sip:b@h>;tag=old', 'new'), 'old');
  assert.equal(to('To: sip:b@h', 'new'), 'new');
  assert.equal(to('To: sip:b@h', ''), '');
});

test('goes to the source; maddr is not followed', () => {
  const port = (via: string, force = false) => replyTarget(request(via), source, force).port;
  assert.equal(port('SIP/2.0/UDP h'), 5060);
  assert.equal(port('SIP/2.0/UDP h:5099'), 5099);
  assert.equal(port('SIP/2.0/UDP h:5099;rport'), 40001);
  assert.equal(port('SIP/2.0/UDP h:5099', true), 40001);
  assert.equal(replyTarget(request('SIP/2.0/UDP h;maddr=6.6.6.6'), source, false).address, '198.51.100.7');
});

test('over TCP the connection comes first, the port in Via is for a new one', () => {
  const tcp = { ...point, protocol: 'tcp' as const };
  const connection = { point: tcp, remoteAddress: '198.51.100.7', remotePort: 40001, open: true, send() {} };
  const target = replyTarget(request('SIP/2.0/TCP h;rport'), { ...source, point: tcp, connection }, false);
  assert.deepEqual(target, { protocol: 'tcp', address: '198.51.100.7', port: 5060, point: tcp, connection });
});

test('nothing from outside ends a line or the headers', () => {
  const headers = 'X-A: b\nX-B: c\r\n\r\nbody\rx';
  const text = buildReply({
    ...base,
    request: request('SIP/2.0/UDP h'),
    reason: 'No\r\nX: y',
    headers,
    toTag: 'a\r\nb',
    server: 's\r\nt',
  });
  const reply = parseMessage(text)!;
  assert.equal(reply.reason, 'No  X: y');
  assert.equal(reply.valueNamed('X-A'), 'b X-B: c');
  assert.equal(reply.valueNamed('X'), undefined);
  assert.equal(reply.body, '');
  assert.equal(headerLine('A', 'b\r\nC: d'), 'A: b  C: d\r\n');
  assert.equal(cleanHeaders('A: b'), 'A: b\r\n');
  assert.equal(cleanHeaders('\r\n\r\n'), '');
});
