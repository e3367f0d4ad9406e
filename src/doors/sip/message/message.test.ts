import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEADERS, Header, headerId } from './header-names.ts';
import { detach } from './message.ts';
import { MAX_HEADER_LINES, parseMessage } from './parse.ts';

const parse = (...lines: string[]) => parseMessage(lines.join('\r\n'))!;

test('start lines', () => {
  const request = parse('OPTIONS sip:a@b SIP/2.0', '', '');
  assert.deepEqual([request.isRequest, request.method, request.uri, request.status], [true, 'OPTIONS', 'sip:a@b', 0]);
  const response = parse('SIP/2.0 486 Busy Here', '', '');
  assert.deepEqual(
    [response.isRequest, response.method, response.status, response.reason],
    [false, '', 486, 'Busy Here'],
  );
});

test('every header name is known in any case and in its compact form, and nothing like it is', () => {
  HEADERS.forEach(([, ...names], id) => {
    for (const name of names) {
      if (name === '') continue;
      for (const form of [name, name.toLowerCase(), name.toUpperCase()]) assert.equal(headerId(form), id, form);
      assert.equal(headerId(`${name}x`), Header.other);
    }
  });
  assert.equal(headerId('Call_ID'), Header.other);
  assert.equal(headerId('Call\rID'), Header.other);
});

test('header lines by index', () => {
  const message = parse('OPTIONS sip:a@b SIP/2.0', 'v :  x ', 'X-Odd:', 'VIA: y', '', 'body');
  assert.equal(message.headerCount, 3);
  assert.deepEqual(
    [0, 1, 2].map((i) => message.nameAt(i)),
    ['v', 'X-Odd', 'VIA'],
  );
  assert.deepEqual(
    [0, 1, 2].map((i) => message.valueAt(i)),
    ['x', '', 'y'],
  );
  assert.equal(message.lineAt(0), 'v :  x \r\n');
  assert.equal(message.indexOf(Header.via), 0);
  assert.equal(message.indexOf(Header.via, 1), 2);
  assert.equal(message.indexOf(Header.via, 3), -1);
  assert.equal(message.valueNamed('x-odd'), '');
  assert.equal(message.valueNamed('Via'), 'x');
  assert.equal(message.valueNamed('X-Od'), undefined);
});

test('folds become one space and line feeds CRLF, `raw` stays as it came', () => {
  const raw = 'OPTIONS sip:a@b SIP/2.0\nSubject: one\n \t two\r\n\tthree\nTo: <sip:a@b>\n\nbody\n x';
  const message = parseMessage(raw)!;
  assert.equal(message.value(Header.subject), 'one two three');
  assert.equal(message.lineAt(0), 'Subject: one two three\r\n');
  assert.equal(message.to?.uri, 'sip:a@b');
  assert.equal(message.body, 'body\n x');
  assert.equal(message.raw, raw);
});

test('the body is as long as Content-Length says', () => {
  const body = (length: string) => parse('OPTIONS sip:a@b SIP/2.0', length, '', 'abcdef');
  assert.equal(body('l: 3').body, 'abc');
  assert.equal(body('l: 3').contentLength, 3);
  assert.equal(body('X: y').body, 'abcdef');
  assert.equal(body('X: y').contentLength, -1);
  assert.equal(body('l: x').contentLength, -2);
});

test('Contacts of several lines are one list, and one broken value spoils it', () => {
  const message = (last: string) =>
    parse('REGISTER sip:b SIP/2.0', 'm: <sip:1@b>, sip:2@b', `Contact: ${last}`, '', '');
  assert.deepEqual(
    message('<sip:3@b>').contacts?.map((one) => one.uri),
    ['sip:1@b', 'sip:2@b', 'sip:3@b'],
  );
  assert.equal(message('nonsense').contacts, undefined);
  assert.deepEqual(parse('REGISTER sip:b SIP/2.0', '', '').contacts, []);
});

test('no more header lines than the bound are kept', () => {
  const many = Array.from({ length: MAX_HEADER_LINES }, () => 'X: y');
  assert.equal(parse('OPTIONS sip:a@b SIP/2.0', ...many, '', '').formFault, undefined);
  const over = parse('OPTIONS sip:a@b SIP/2.0', ...many, 'X: y', '', '');
  assert.equal(over.formFault?.reason, 'Too Many Header Lines');
  assert.equal(over.headerCount, MAX_HEADER_LINES);
});

test('a head without end in sight is a fault', () => {
  const endless = parse('OPTIONS sip:a@b SIP/2.0', `Subject: ${'x'.repeat(2 << 20)}`, '', '');
  assert.equal(endless.formFault?.reason, 'Headers Too Large');
});

test('detach gives the same text, beyond latin1 too', () => {
  for (const text of [
    '',
    'short',
    'x'.repeat(10_000),
    'byte \xFF in a longer text',
    'beyond latin1: \u20AC, long enough',
  ]) {
    assert.equal(detach(`-${text}`.slice(1)), text);
  }
});
