import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenPoint } from '../transport/point.ts';
import type { Source } from '../transport/types.ts';
import { Glance } from './glance.ts';
import { glanceReply, glanceTarget } from './glance-reply.ts';
import { parseMessage } from './parse.ts';
import { buildReply, replyTarget } from './reply.ts';

const source: Source = {
  point: listenPoint('udp', '192.0.2.1', 5060),
  address: '198.51.100.7',
  port: 49_152,
  connection: undefined,
};

const PLAIN = [
  'REGISTER sip:example.com SIP/2.0',
  'Via: SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKa',
  'Max-Forwards: 70',
  'From: "Alice" <sip:alice@example.com>;tag=a',
  'To: <sip:alice@example.com;user=phone>',
  'Call-ID: c1@198.51.100.7',
  'CSeq: 1 REGISTER',
  'Contact: <sip:alice@198.51.100.7:5070>',
  'Content-Length: 0',
];

const text = (lines: readonly string[]) => `${lines.join('\r\n')}\r\n\r\n`;
const changed = (from: string | RegExp, to: string) => text(PLAIN).replace(from, to);

const plain: Record<string, string> = {
  'a usual one': text(PLAIN),
  'a call': text(PLAIN).replaceAll('REGISTER', 'INVITE'),
  rport: changed('branch=z9hG4bKa', 'rport;branch=z9hG4bKa'),
  'rport behind the branch': changed('branch=z9hG4bKa', 'branch=z9hG4bKa;rport;alias'),
  'another host, no port': changed('198.51.100.7:5070;', 'PC.example;'),
  IPv6: changed('198.51.100.7:5070;', '[2001:DB8::7]:5070;'),
  'several Via lines': changed('Max-', 'Via: SIP/2.0/TLS p.example;branch=z9hG4bKp, SIP/2.0/UDP q\r\nMax-'),
  'compact names': changed('Via', 'v').replace('From', 'F').replace('To', 't').replace('Call-ID', 'i'),
  'white space at the ends': changed('user=phone>', 'user=phone>  ').replace('CSeq: ', 'CSeq:   '),
  'an address without brackets': changed('<sip:alice@example.com;user=phone>', 'sip:alice@example.com'),
  'another order': text([PLAIN[0]!, ...PLAIN.slice(1).reverse()]),
  'a body': `${text(PLAIN)}\r\nTo: nobody;tag=x\r\n`,
};

for (const [name, request] of Object.entries(plain)) {
  test(`the answer at a glance is the one that is built from the whole request: ${name}`, () => {
    const glance = new Glance();
    assert.ok(glance.at(request));
    const message = parseMessage(request)!;
    assert.deepEqual(
      [glance.method, glance.callId, glance.branch, glance.hasCredentials],
      [message.method, message.callId, message.via!.branch, false],
    );
    const headers = 'Retry-After: 5\r\n';
    const whole = buildReply({
      request: message,
      source,
      status: 503,
      reason: 'Busy',
      headers,
      toTag: 'us',
      forceRport: false,
      server: '',
    });
    assert.equal(glanceReply(glance, source, 'SIP/2.0 503 Busy\r\n', 'us', headers), whole);
    assert.deepEqual(glanceTarget(glance, source), replyTarget(message, source, false));
  });
}

test('credentials of either kind are seen', () => {
  const glance = new Glance();
  for (const name of ['Authorization', 'proxy-authorization']) {
    assert.ok(glance.at(changed('Contact', `${name}: Digest username="a"\r\nContact`)));
    assert.ok(glance.hasCredentials, name);
  }
});

const unusual: Record<string, string> = {
  'a response': changed(/^.*/, 'SIP/2.0 200 OK'),
  'no version': changed(' SIP/2.0', ''),
  'another version': changed('SIP/2.0', 'SIP/3.0'),
  'a folded line': changed('Max-Forwards: 70', 'Subject: a\r\n b'),
  'a line folded with a tab': changed('Max-Forwards: 70', 'Subject: a\r\n\tb'),
  'bare LF': text(PLAIN).replaceAll('\r\n', '\n'),
  'a bare CR': changed('Max-Forwards: 70', 'Subject: a\rb'),
  'a tab behind a value': changed('user=phone>', 'user=phone>\t'),
  'rport twice': changed(';branch', ';rport;rport;branch'),
  NUL: changed('Max-Forwards: 70', 'Subject: a\0b'),
  'no empty line': `${PLAIN.join('\r\n')}\r\n`,
  'cut within a line': text(PLAIN).slice(0, 120),
  nothing: '',
  'a To tag': changed('user=phone>', 'user=phone>;tag=x'),
  'a To tag behind another parameter': changed('user=phone>', 'user=phone>;a=b; TAG=x'),
  'a To tag behind a bracket in a name': changed('To: <', 'To: "a>b" <').replace('user=phone>', 'user=phone>;tag=x'),
  'a parameter of a bare address': changed('<sip:alice@example.com;user=phone>', 'sip:alice@example.com;tag=x'),
  'no branch': changed('branch=z9hG4bKa', 'rport'),
  'a branch of RFC 2543': changed('z9hG4bKa', '1'),
  'received in the Via': changed(';branch', ';received=1.2.3.4;branch'),
  'rport with a value': changed(';branch', ';rport=1;branch'),
  'two Vias in the topmost line': changed('z9hG4bKa', 'z9hG4bKa, SIP/2.0/UDP x;branch=z9hG4bKb'),
  'a quoted parameter': changed(';branch', ';a="b;c";branch'),
  'an empty parameter': changed(';branch', ';;branch'),
  'another protocol': changed('/UDP', '/TCP'),
  'no host': changed('198.51.100.7:5070', ''),
  'a port that is none': changed(':5070;', ':0;'),
  'white space before a colon': changed('Call-ID:', 'Call-ID :'),
  'an empty Call-ID': changed('c1@198.51.100.7', ''),
  'an ACK without a tag': text(PLAIN).replaceAll('REGISTER', 'ACK'),
  'too many Via lines': changed('Max-', `${'Via: SIP/2.0/UDP x\r\n'.repeat(20)}Max-`),
  'too many headers': changed('Max-', `${'Subject: x\r\n'.repeat(65)}Max-`),
};
for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq'])
  unusual[`no ${name}`] = text(PLAIN.filter((line) => !line.startsWith(`${name}:`)));
for (const line of PLAIN.slice(3, 7)) unusual[`twice ${line}`] = changed(line, `${line}\r\n${line}`);

for (const [name, request] of Object.entries(unusual)) {
  test(`left to the parser: ${name}`, () => {
    assert.equal(new Glance().at(request), false);
  });
}

test('the ACK of a dialog is known by its tag', () => {
  const glance = new Glance();
  const ack = text(PLAIN).replaceAll('REGISTER', 'ACK').replace('user=phone>', 'user=phone>;tag=us-x');
  assert.ok(glance.at(ack));
  assert.equal(glance.tag, 'us-x');
  assert.equal(glance.at(ack.replace('us-x', 'us-x;a=b')), false);
});
