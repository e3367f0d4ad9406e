import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkedNumber } from './checked-number.ts';

test('numbers go out in international form, and what is none is refused', async () => {
  assert.equal(await checkedNumber('+49 170 1234567', 'True'), '+491701234567');
  assert.equal(await checkedNumber('0170 1234567', 'de'), '+491701234567');
  assert.equal(await checkedNumber('+43 664 1234567', 'DE'), '+436641234567');
  for (const [number, country] of [
    ['0170 1234567', 'True'],
    ['0170 1234567', 'XX'],
    ['+491', 'DE'],
    ['+999123456789', 'DE'],
    ['code', 'DE'],
    ['', 'DE'],
  ] as const)
    await assert.rejects(checkedNumber(number, country), { code: 'SMS_NUMBER' }, number);
});
