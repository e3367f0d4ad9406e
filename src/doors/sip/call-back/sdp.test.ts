import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offer, readAnswer } from './sdp.ts';

const ANSWER = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.7',
  's=-',
  'c=IN IP4 192.0.2.7',
  't=0 0',
  'm=audio 4000 RTP/AVP 8 0 97',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:97 telephone-event/8000',
  'a=fmtp:97 0-15',
];
const lines = (...changes: [from: string, to: string][]) =>
  `${ANSWER.map((line) => changes.find(([from]) => line.startsWith(from))?.[1] ?? line).join('\r\n')}\r\n`;

test('an answer names where the sound goes, by which law, and under which numbers keys come', () => {
  const plain = { address: '192.0.2.7', port: 4000, law: 'pcma', events: [97, 101] };
  assert.deepEqual(readAnswer(lines()), plain);
  assert.deepEqual(readAnswer(lines(['m=', 'm=audio 4000 RTP/AVP 0'])), { ...plain, law: 'pcmu', events: [] });
  const ownPlace = lines(['a=fmtp', 'c=IN IP6 2001:db8::7']);
  assert.equal(readAnswer(ownPlace)?.address, '2001:db8::7', 'a line of the stream goes before one of the session');
  assert.equal(readAnswer(`${lines()}m=video 5000 RTP/AVP 99\r\nc=IN IP4 192.0.2.9\r\n`)?.address, '192.0.2.7');
  assert.deepEqual(readAnswer(offer('192.0.2.1', 40_000, 7)), {
    ...{ address: '192.0.2.1', port: 40_000, law: 'pcmu', events: [101] },
  });
});

test('what is no acceptance of the offer is none', () => {
  const wrong: string[] = [
    '',
    'v=1\r\n',
    lines(['m=', 'm=audio 0 RTP/AVP 0']),
    lines(['m=', 'm=audio 80 RTP/AVP 0']),
    lines(['m=', 'm=audio 99999 RTP/AVP 0']),
    lines(['m=', 'm=audio 4000 RTP/SAVP 0']),
    lines(['m=', 'm=audio 4000 RTP/AVP 97']),
    lines(['m=', 'm=video 4000 RTP/AVP 0']),
    lines(['c=', 'a=nowhere']),
    lines(['c=', 'c=IN IP4 224.0.0.1']),
    lines(['c=', 'c=IN IP4 255.255.255.255']),
    lines(['c=', 'c=IN IP4 0.0.0.0']),
    lines(['c=', 'c=IN IP6 ff02::1']),
    lines(['c=', 'c=IN IP6 ::']),
    lines(['c=', 'c=IN IP4 host.example']),
    lines(['c=', 'c=IN IP6 192.0.2.7']),
    lines(['s=', `s=${'x'.repeat(9_000)}`]),
  ];
  for (const text of wrong) assert.equal(readAnswer(text), undefined, text.slice(0, 300));
});

test('whatever comes, it is an answer or none', () => {
  const text = lines();
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  let accepted = 0;
  for (let i = 0; i < 5_000; i++) {
    const at = random(text.length);
    const changed = text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + random(3));
    const answered = readAnswer(changed);
    if (answered === undefined) continue;
    accepted++;
    assert.ok(answered.port >= 1024 && answered.port <= 65_535);
    assert.ok(answered.events.every((one) => one >= 96 && one <= 127));
  }
  assert.ok(accepted > 1_000 && accepted < 5_000, String(accepted));
});
