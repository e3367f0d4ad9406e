import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PolicyRules } from '../policy/rules.ts';
import { checkChosenPin } from './pin-policy.ts';

const CASES: readonly [action: string, good: readonly string[], bad: readonly string[]][] = [
  ['reset', ['', 'x'], []],
  ['otp_pin_minlength=4', ['1234', 'äöüß', '12345'], ['', '123']],
  ['otp_pin_maxlength=4', ['', '1234', '😀😀😀😀'], ['12345']],
  ['otp_pin_minlength=4, otp_pin_maxlength=4', ['1234'], ['123', '12345']],
  ['otp_pin_contents=c', ['a', 'a1!ü'], ['', '1', 'ü']],
  ['otp_pin_contents=cn', ['a1', 'a1!'], ['a', '1', '!']],
  ['otp_pin_contents=cns', ['a1.', 'Z0~ ü'], ['a1', 'a.', '1.']],
  ['otp_pin_contents=o', ['ü', 'a ', '@'], ['', 'a1!']],
  ['otp_pin_contents=-cn', ['a1', '1a'], ['a', '1', 'a1!', 'a1ü']],
  ['otp_pin_contents=+cn', ['a', '1', 'a1'], ['', '!', 'a!', 'a1ü']],
  ['otp_pin_contents=+ns', ['1', '.', '1.'], ['a', '1a']],
  ['otp_pin_contents=x', ['', 'a'], []],
];

for (const [action, good, bad] of CASES) {
  test(`${action}: ${bad.length} of ${good.length + bad.length} PINs are refused`, () => {
    const policy = new PolicyRules();
    const all = { user: '*', realm: '*', client: '*', time: '', active: true };
    policy.replace([{ ...all, name: 'p', scope: 'selfservice', action }]);
    const asker = { name: 'hans', realm: 'house', time: new Date(0) };
    for (const pin of good) checkChosenPin(policy, asker, pin);
    for (const pin of bad) assert.throws(() => checkChosenPin(policy, asker, pin), { code: 'TOKEN_PIN' }, pin);
  });
}
