import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfDay, rate, rateWords, span, spanWords, volume, volumeWords } from './amounts.ts';
import { lab } from './lab.ts';
import { dayWords } from './voucher-terms.ts';

test('spans, volumes and days, and what is none', () => {
  assert.deepEqual(
    ['90m', '24h', '7d', '5s'].map((text) => span('x', text)),
    [5_400, 86_400, 604_800, 5],
  );
  assert.deepEqual(
    ['5', '500M', '2g', '1T'].map((text) => volume('x', text)),
    [5, 5e8, 2e9, 1e12],
  );
  assert.deepEqual([5_400, 86_400, 604_800, 61].map(spanWords), ['90 min', '1 d', '7 d', '61 s']);
  assert.deepEqual([0, 999, 1_500, 2e9].map(volumeWords), ['0 B', '999 B', '1.5 kB', '2 GB']);
  assert.deepEqual(
    ['64K', '10m', '1G'].map((text) => rateWords(rate('x', text))),
    ['64 kbit/s', '10 Mbit/s', '1000 Mbit/s'],
  );
  for (const bad of ['', '0K', '5', '-1M', '1.5M', '1T'])
    assert.throws(() => rate('x', bad), { code: 'ARGUMENTS_INVALID' });
  for (const day of ['2026-12-31', '2026-03-28', '2026-10-24', '2028-02-29'])
    assert.equal(dayWords(endOfDay('x', day) - 1), day);
  for (const bad of ['', '0h', '-1h', '1.5h', '1w', '1234567s', '1h '])
    assert.throws(() => span('x', bad), { code: 'ARGUMENTS_INVALID' });
  for (const bad of ['', '0', '1X', '-5', '1.5G', '1 G'])
    assert.throws(() => volume('x', bad), { code: 'ARGUMENTS_INVALID' });
  for (const bad of ['', '2026-02-30', '2026-13-01', '31.12.2026', '2026-1-1', '2027-02-29'])
    assert.throws(() => endOfDay('x', bad), { code: 'ARGUMENTS_INVALID' });
});

test('a batch is made, printed, listed and revoked', async () => {
  const { gatehouse, administration } = lab();
  const terms = [
    '--time',
    '24h',
    '--download',
    '2G',
    '--download-rate',
    '10M',
    '--devices',
    '2',
    '--expires',
    '2096-12-31',
  ];
  const made = await gatehouse('voucher', 'batch', 'summer', '--count', '2', ...terms);
  assert.equal(
    made.out,
    '2 vouchers, each: 1 d from the first login, 2 GB down, 10 Mbit/s down, 2 devices, until 2096-12-31\nprint them: gatehouse voucher print summer > summer.html\n',
  );
  assert.deepEqual(administration.vouchers.get('summer')?.terms.download, 2e9);
  assert.equal(administration.vouchers.get('summer')?.terms.downloadKbit, 10_000);
  assert.equal((await gatehouse('voucher', 'print', 'summer', '--codes')).out, 'CODE-1\nCODE-2\n');
  const { out: sheet } = await gatehouse('voucher', 'print', 'summer', '--name', '<The "Anchor">');
  assert.match(sheet, /^<!DOCTYPE html>\n[\s\S]*<\/html>\n$/);
  assert.equal(sheet.match(/<h2>&#60;The &#34;Anchor&#34;&#62;<\/h2><code>CODE-[12]<\/code>/g)?.length, 2);
  assert.match(
    (await gatehouse('voucher', 'list')).out,
    /^BATCH .*\nsummer +2 +1970-01-01 +1 d from the first login, /,
  );
  assert.match((await gatehouse('voucher', 'list', 'summer')).out, /^VOUCHER .*\nsummer-1 +new\nsummer-2 +new\n$/);
  assert.equal((await gatehouse('voucher', 'revoke', 'summer')).out, '2 revoked, 0 sessions ended\n');
  assert.equal((await gatehouse('voucher', 'list')).out, 'no vouchers; see gatehouse voucher batch --help\n');
  assert.equal((await gatehouse('voucher', 'print', 'summer')).code, 5);
  for (const bad of [
    ['--count', '0'],
    ['--count', '2001'],
    ['--count', '1', '--time', 'long'],
  ])
    assert.equal((await gatehouse('voucher', 'batch', 'a', ...bad)).code, 2, bad.join(' '));
});
