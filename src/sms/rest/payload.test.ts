import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fill, type Json, slotOf } from './payload.ts';

const filled = (payload: Json, numberKey: string, textKey: string): Json => {
  const addressed = fill(payload, slotOf('SMS_PHONENUMBER_KEY', numberKey, '<phone>'), '+49170');
  return fill(addressed, slotOf('SMS_TEXT_KEY', textKey, '<message>'), 'code $& 287082');
};

const FILLED: readonly [name: string, payload: Json, keys: [string, string], sent: Json][] = [
  [
    'templates in members, other members as they are',
    { destination_addr: '<phone>', short_message: 'Your OTP is: <message>', ton: 6, x: [null, true] },
    ['destination_addr', 'short_message'],
    { destination_addr: '+49170', short_message: 'Your OTP is: code $& 287082', ton: 6, x: [null, true] },
  ],
  [
    'a list: the tag in each text, other items kept',
    { to: ['<phone>', 'tel:<phone>', 7, 'fixed'], body: 'x' },
    ['to', 'body'],
    { to: ['+49170', 'tel:+49170', 7, 'fixed'], body: 'code $& 287082' },
  ],
  ['members without a tag are overwritten', { to: 'a', n: 1 }, ['to', 'n'], { to: '+49170', n: 'code $& 287082' }],
  [
    'keys that are no members name placeholders, wherever they stand, and add nothing',
    { a: ['to <phone>'], b: { c: '<message>, <message>' } },
    ['phone', 'message'],
    { a: ['to +49170'], b: { c: 'code $& 287082, code $& 287082' } },
  ],
  [
    'keys that are nowhere are added',
    { from: '1' },
    ['to', 'text'],
    { from: '1', to: '+49170', text: 'code $& 287082' },
  ],
  [
    'paths fill nested templates',
    { sms: { to: [{ msisdn: 'tel:<phone>' }], parts: { text: '>> <message>' } } },
    ['sms.to[0].msisdn', 'sms.parts.text'],
    { sms: { to: [{ msisdn: 'tel:+49170' }], parts: { text: '>> code $& 287082' } } },
  ],
  [
    'a path that is not there is made; a place past the end of a list is its end',
    { sms: { to: [{ msisdn: '1' }] } },
    ['sms.to[5].msisdn', 'sms.text[0]'],
    { sms: { to: [{ msisdn: '1' }, { msisdn: '+49170' }], text: ['code $& 287082'] } },
  ],
  [
    'a text cannot bring placeholders of its own',
    { to: '<message>', body: '<message>' },
    ['to', 'body'],
    { to: '+49170', body: 'code $& 287082' },
  ],
];

for (const [name, payload, [number, text], sent] of FILLED) {
  test(name, () => {
    const before = structuredClone(payload);
    assert.deepEqual(filled(payload, number, text), sent);
    assert.deepEqual(payload, before, 'the template is not touched');
  });
}

test('what is no path is refused', () => {
  for (const key of ['', 'a..b', 'a[b]', 'a[0', '[0]', '__proto__.x', Array(22).fill('a').join('.')])
    assert.throws(() => slotOf('SMS_TEXT_KEY', key, '<message>'), { code: 'SMS_CONFIG', where: 'SMS_TEXT_KEY' });
});
