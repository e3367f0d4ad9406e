import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SmsReceipt } from '../../core/sms/types.ts';
import { octets } from './lab.ts';
import { readReceipt } from './receipt.ts';

/** The body of a deliver_sm from +49170 to 1234. */
function deliverSm(esmClass: string, text: string, parameters = ''): Buffer {
  const length = text.length.toString(16).padStart(2, '0');
  const message = Buffer.from(text, 'latin1').toString('hex');
  return octets(
    `00 01 01 2b343931373000 01 01 3132333400 ${esmClass} 00 00 00 00 00 00 00 00 ${length} ${message} ${parameters}`,
  );
}

const TEXT =
  'id:0123456789 sub:001 dlvrd:001 submit date:2611221000 done date:2611221001 stat:DELIVRD err:000 text:Your OTP is';

const RECEIPTS: readonly [what: string, body: Buffer, receipt: SmsReceipt | undefined][] = [
  ['a text', deliverSm('04', TEXT), { id: '0123456789', state: 'delivered', detail: 'DELIVRD' }],
  [
    'a text of a failure, in another order and case',
    deliverSm('04', 'STAT:undeliv Err:027 id:a1B2'),
    { id: 'a1B2', state: 'failed', detail: 'UNDELIV, error 027' },
  ],
  ['a text without id', deliverSm('04', 'stat:DELIVRD err:000'), undefined],
  ['a text without state', deliverSm('04', 'id:7'), { id: '7', state: 'unknown', detail: 'UNKNOWN' }],
  ['a state that nobody knows', deliverSm('04', 'id:7 stat:LOST'), { id: '7', state: 'unknown', detail: 'LOST' }],
  [
    'fields that stand in the repeated message',
    deliverSm('04', 'id:7 stat:EXPIRED text:id:8 stat:DELIVRD'),
    { id: '7', state: 'failed', detail: 'EXPIRED' },
  ],
  ['a text that a telephone sent', deliverSm('00', TEXT), undefined],
  ['an answer by a user', deliverSm('10', TEXT), undefined],
  [
    'a notification that it is underway',
    deliverSm('20', 'id:7 stat:ENROUTE'),
    { id: '7', state: 'underway', detail: 'ENROUTE' },
  ],
  [
    'parameters',
    deliverSm('04', '', '001e 0003 613700 0427 0001 02'),
    { id: 'a7', state: 'delivered', detail: 'DELIVRD' },
  ],
  [
    'parameters before a text, with an error of the network',
    deliverSm('04', TEXT, '0427 0001 05 001e 0003 613700 0423 0003 030022'),
    { id: 'a7', state: 'failed', detail: 'UNDELIV, error 34' },
  ],
  [
    'an id as parameter, the state as text',
    deliverSm('04', 'id:9 stat:REJECTD', '001e 0002 6137'),
    { id: 'a7', state: 'failed', detail: 'REJECTD' },
  ],
  [
    'a text in message_payload',
    deliverSm('04', '', `0424 ${TEXT.length.toString(16).padStart(4, '0')} ${Buffer.from(TEXT).toString('hex')}`),
    { id: '0123456789', state: 'delivered', detail: 'DELIVRD' },
  ],
  [
    'a state that no gateway has',
    deliverSm('04', '', '001e 0002 3700 0427 0001 ff'),
    { id: '7', state: 'unknown', detail: 'UNKNOWN' },
  ],
  [
    'parameters that are cut off',
    deliverSm('04', TEXT, '001e 00ff 61'),
    { id: '0123456789', state: 'delivered', detail: 'DELIVRD' },
  ],
];

for (const [what, body, receipt] of RECEIPTS)
  test(`a deliver_sm with ${what}`, () => assert.deepEqual(readReceipt(body), receipt));

test('all states of SMPP 3.4, 5.2.28', () => {
  const states = [1, 2, 3, 4, 5, 6, 7, 8].map(
    (state) => readReceipt(deliverSm('04', '', `001e 0002 3700 0427 0001 0${state}`))?.state,
  );
  assert.deepEqual(states, [
    ...['underway', 'delivered', 'failed', 'failed', 'failed', 'underway', 'unknown', 'failed'],
  ]);
});

test('a body that ends early is said to', () => {
  const body = deliverSm('04', TEXT);
  for (let length = 0; length < body.length; length++)
    assert.throws(() => readReceipt(body.subarray(0, length)), RangeError);
});

test('any octets are a receipt, none, or end early', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (noise, isWhole) => {
      const body = isWhole ? Buffer.concat([deliverSm('04', ''), noise]) : Buffer.from(noise);
      try {
        readReceipt(body);
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    }),
  );
});
