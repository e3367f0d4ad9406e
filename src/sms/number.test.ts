import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayNumber, type NumberOptions } from './number.ts';

const NUMBERS: readonly [number: string, options: NumberOptions, sent: string][] = [
  [' +49 (170) 12-34 ', {}, ' +49 (170) 12-34 '],
  [' +49 (170) 12-34 ', { MSISDN: 'True' }, '+491701234'],
  ['0170/1234', { MSISDN: true }, '01701234'],
  ['0170/1234', { MSISDN: 'yes' }, '0170/1234'],
  ['+491701234', { SUPPRESS_PREFIX: '+49' }, '1701234'],
  ['  +491701234', { SUPPRESS_PREFIX: '+' }, '491701234'],
  ['+49 +49', { MSISDN: 'true', SUPPRESS_PREFIX: '+49' }, '49'],
  ['++49', { SUPPRESS_PREFIX: '+' }, '+49'],
];

for (const [number, options, sent] of NUMBERS) {
  test(`${number} with ${JSON.stringify(options)} is sent as ${sent}`, () =>
    assert.equal(gatewayNumber(number, options), sent));
}

test('what cannot be a number goes nowhere', () => {
  for (const number of ['', '1\r\nX: y', '1\u0000', '9'.repeat(65)])
    assert.throws(() => gatewayNumber(number, {}), { code: 'SMS_NUMBER' });
  assert.throws(() => gatewayNumber('abc', { MSISDN: 'True' }), { code: 'SMS_NUMBER' });
  assert.throws(() => gatewayNumber('+49', { SUPPRESS_PREFIX: '+49' }), { code: 'SMS_NUMBER' });
});
