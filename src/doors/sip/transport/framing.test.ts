import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentLength, Framer, MAX_BODY, MAX_HEAD } from './framing.ts';

function lab() {
  const seen: string[] = [];
  const framer = new Framer({
    onFrame: (text) => void seen.push(text),
    onPing: () => void seen.push('ping'),
    onBroken: ({ status, reason }, head) => void seen.push(`${status} ${reason}; ${head.length}`),
  });
  return { seen, framer, push: (text: string) => framer.push(Buffer.from(text, 'latin1')) };
}

const bye = (body: string) => `BYE sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test('one message in one piece, and byte by byte', () => {
  const { seen, framer, push } = lab();
  const message = bye('v=0\r\n\r\n\xe9');
  push(message);
  assert.deepEqual(seen, [message]);
  for (const byte of message) push(byte);
  assert.deepEqual(seen, [message, message]);
  assert.equal(framer.partial, false);
});

test('two messages and the beginning of a third in one segment', () => {
  const { seen, framer, push } = lab();
  push(bye('one') + bye('') + bye('three').slice(0, 30));
  assert.deepEqual(seen, [bye('one'), bye('')]);
  assert.equal(framer.partial, true);
  push(bye('three').slice(30) + bye('four'));
  assert.deepEqual(seen.slice(2), [bye('three'), bye('four')]);
  assert.equal(framer.partial, false);
});

test('every cut of two messages into two segments gives the same', () => {
  const both = bye('x\r\n\r\n') + bye('yy');
  for (let cut = 1; cut < both.length; cut++) {
    const { seen, push } = lab();
    push(both.slice(0, cut));
    push(both.slice(cut));
    assert.deepEqual(seen, [bye('x\r\n\r\n'), bye('yy')], `cut at ${cut}`);
  }
});

test('keep-alives: CRLF CRLF is a ping, one CRLF before a message is nothing', () => {
  const { seen, framer, push } = lab();
  push('\r\n\r\n');
  push('\r\n');
  push('\r');
  push('\n');
  push(`\r\n${bye('')}\r\n\r\n`);
  assert.deepEqual(seen, ['ping', 'ping', bye(''), 'ping']);
  assert.equal(framer.partial, false);
});

test('a stream that cannot be framed is given up, once', () => {
  const tls = Buffer.from([0x16, 3, 1, 2, 0, 1]).toString('latin1');
  const cases = [
    ['GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n', '400 Missing Content-Length Header; 27'],
    [`${tls}${'\xff'.repeat(MAX_HEAD)}`, `513 Headers Too Large; ${MAX_HEAD}`],
    [`A\r\nl: ${MAX_BODY + 1}\r\n\r\n`, '413 Body Too Large; 17'],
  ] as const;
  for (const [input, expected] of cases) {
    const { seen, push } = lab();
    push(input);
    push(bye(''));
    assert.deepEqual(seen, [expected]);
  }
});

test('headers that never end are given up when they come in pieces, too', () => {
  const { seen, push } = lab();
  for (let i = 0; i < 70 && seen.length === 0; i++) push('x'.repeat(1000));
  assert.deepEqual(seen, [`513 Headers Too Large; ${MAX_HEAD}`]);
});

test('the largest body passes', () => {
  const { seen, push } = lab();
  const message = bye('b'.repeat(MAX_BODY));
  for (let at = 0; at < message.length; at += 65_536) push(message.slice(at, at + 65_536));
  assert.deepEqual(
    seen.map((text) => text.length),
    [message.length],
  );
});

test('a sink that ends the framer hears nothing more', () => {
  const seen: string[] = [];
  const framer: Framer = new Framer({
    onFrame: (text) => {
      seen.push(text);
      framer.end();
    },
    onPing: () => assert.fail(),
    onBroken: () => assert.fail(),
  });
  framer.push(Buffer.from(bye('1') + bye('2')));
  assert.deepEqual(seen, [bye('1')]);
});

test('Content-Length in all its spellings', () => {
  const cases: [string, number | string][] = [
    ['Content-Length: 7', 7],
    ['CONTENT-LENGTH  :\t7  ', 7],
    ['l:7', 7],
    ['L : 0007', 7],
    ['Content-Length:\r\n 7', 7],
    ['Content-Length: 7\r\n ', 7],
    ['Content-Length: 7\r\nl: 7', 7],
    ['Content-Length: 7\r\nl: 8', 'Multiple Content-Length Headers'],
    ['Content-Length: -1', 'Bad Content-Length Header'],
    ['Content-Length: 7x', 'Bad Content-Length Header'],
    ['Content-Length: 7, 7', 'Bad Content-Length Header'],
    ['Content-Length:', 'Bad Content-Length Header'],
    ['l: 99999999999999999999999', 'Body Too Large'],
    ['Content-Lengthy: 7', 'Missing Content-Length Header'],
    ['Lx: 7', 'Missing Content-Length Header'],
    ['Subject: a\r\n l: 7', 'Missing Content-Length Header'],
    ['Subject: Content-Length: 7', 'Missing Content-Length Header'],
  ];
  for (const [line, expected] of cases) {
    const found = contentLength(`BYE sip:a@b SIP/2.0\r\nVia: x\r\n${line}\r\n\r\n`);
    assert.equal(typeof found === 'number' ? found : found.reason, expected, line);
  }
});
