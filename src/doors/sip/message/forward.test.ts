import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListenPoint } from '../transport/types.ts';
import { Edits } from './edits.ts';
import { assembleRequest, buildForwardedResponse, prepareForward, secondVia, viaLine } from './forward.ts';
import { Header } from './header-names.ts';
import { parseMessage } from './parse.ts';

const point: ListenPoint = {
  protocol: 'udp',
  address: '192.0.2.1',
  port: 5060,
  family: 4,
  name: '',
  hostPort: '192.0.2.1:5060',
};
const source = { point, address: '198.51.100.7', port: 40001, connection: undefined };
const HEAD = 'INVITE sip:b@h SIP/2.0\r\n';
const A = 'From: <sip:a@h>;tag=1\r\n';
const V = 'Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1\r\n';
const B = 'Max-Forwards: 70\r\nRoute: <sip:x;lr>\r\n';
const L = 'Content-Length: 3\r\n';
const message = parseMessage(`${HEAD}${A}${V}${B}${L}\r\nabcdef`)!;

test('without changes all is copied, the surplus behind the body is not', () => {
  assert.equal(prepareForward(message, new Edits(), source, false), `${A}${V}${B}${L}\r\nabc`);
});

test('lines replaced, removed, put on top and at the end', () => {
  const edits = new Edits();
  edits.top = 'Record-Route: <sip:me;lr>\r\n';
  edits.bottom = 'P-Hint: x\r\n';
  edits.replace(message.indexOf(Header.maxForwards), 'Max-Forwards: 69\r\n');
  edits.remove(message.indexOf(Header.route));
  const expected = `Record-Route: <sip:me;lr>\r\n${A}${V}Max-Forwards: 69\r\n${L}P-Hint: x\r\n\r\nabc`;
  assert.equal(prepareForward(message, edits, source, false), expected);
});

test('the Via of the sender is completed', () => {
  const text = prepareForward(message, new Edits(), source, true);
  assert.equal(text, `${A}${V.trimEnd()};received=198.51.100.7;rport=40001\r\n${B}${L}\r\nabc`);
});

test('a message without Content-Length gets one', () => {
  const bare = parseMessage(`${HEAD}${V}\r\nabcdef`)!;
  assert.equal(prepareForward(bare, new Edits(), source, false), `${V}Content-Length: 6\r\n\r\nabcdef`);
});

test('a request is put together with our Via on top', () => {
  const rest = prepareForward(message, new Edits(), source, false);
  const text = assembleRequest('INVITE', 'sip:c@h', viaLine(point, 'z9hG4bK2', true), 'Route: <sip:p;lr>\r\n', rest);
  assert.ok(
    text.startsWith(
      'INVITE sip:c@h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK2;rport\r\nRoute: <sip:p;lr>\r\nFrom',
    ),
  );
});

test('a response loses its topmost Via value and nothing else', () => {
  const response = (...vias: string[]) =>
    parseMessage(`SIP/2.0 200 OK\r\n${A}${vias.join('\r\n')}\r\nX: y\r\n${L}\r\nabc`)!;
  const apart = response('Via: SIP/2.0/UDP me;branch=1', 'Via: SIP/2.0/UDP you;branch=2');
  assert.equal(
    buildForwardedResponse(apart),
    `SIP/2.0 200 OK\r\n${A}Via: SIP/2.0/UDP you;branch=2\r\nX: y\r\n${L}\r\nabc`,
  );
  assert.equal(secondVia(apart)?.host, 'you');
  const together = response('v: SIP/2.0/UDP me;branch=1 , SIP/2.0/UDP you;branch=2');
  assert.equal(buildForwardedResponse(together), buildForwardedResponse(apart));
  assert.equal(secondVia(together)?.branch, '2');
  assert.equal(secondVia(response('Via: SIP/2.0/UDP me')), undefined);
});
