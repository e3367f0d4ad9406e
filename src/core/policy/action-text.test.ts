import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asSwitch, parseActions } from './action-text.ts';

const READ: readonly [text: string, actions: Record<string, string | boolean>][] = [
  ['', {}],
  ['allow', { allow: true }],
  ['!allow', { allow: false }],
  [' a , b=1,, c = x y ', { a: true, b: '1', c: 'x y' }],
  ['a=FALSE', { a: false }],
  ['a=false, a=False', { a: false }],
  ["text='Hello, you = me', b", { text: 'Hello, you = me', b: true }],
  ['text="it\'s", b', { text: "it's", b: true }],
  ["text=''", { text: '' }],
  ["text=' kept '", { text: ' kept ' }],
  ['url=http://h/?a=b', { url: 'http://h/?a=b' }],
  // A list is written with spaces: after the comma comes the next action.
  ['sms_provider=one,two', { sms_provider: 'one', two: true }],
];

for (const [text, actions] of READ) {
  test(`actions: ${text || 'none'}`, () => assert.deepEqual(Object.fromEntries(parseActions(text)), actions));
}

const REFUSED: readonly [text: string, why: RegExp][] = [
  ["smstext=Don't, x", /middle of Don/],
  ["text='open, b", /not closed/],
  ["text='a' b", /after a closing/],
  ['a=1, a=2', /twice/],
  ['a b', /no name/],
  ['=1', /no name/],
  ['!a=1', /which of both/],
  ['9a', /no name/],
];

for (const [text, why] of REFUSED) {
  test(`no actions: ${text}`, () => {
    assert.throws(() => parseActions(text), { code: 'POLICY_INVALID', message: why });
  });
}

test('a switch is on or off as LinOTP takes it', () => {
  const on = [true, 'True', 'true', '1', '25'];
  const off = [false, '0', '-1'];
  assert.deepEqual(
    on.map(asSwitch),
    on.map(() => true),
  );
  assert.deepEqual(
    off.map(asSwitch),
    off.map(() => false),
  );
  assert.deepEqual(['yes', '', '-2', '1.5'].map(asSwitch), [undefined, undefined, undefined, undefined]);
});
