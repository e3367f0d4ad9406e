import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expiryFromDatetime, fromDatetime, toDatetime } from './datetime.ts';

test('what is written is read, in the zone of this machine', () => {
  for (const ms of [0, 1_700_000_000_000, 1_719_792_000_000, 4_000_000_000_000]) {
    assert.equal(fromDatetime(toDatetime(ms)), ms);
  }
});

test('what is no time gives 0, also beside one of the same minute', () => {
  assert.equal(fromDatetime('2026-11-22 20:45:07'), fromDatetime('2026-11-22T20:45:00.5') + 7000);
  for (const text of ['', '2026-11-22 20:45', '2026-11-22 20:45:7', '2026-11-22 20:45 07', '2026-11-2220:45:07 x'])
    assert.equal(fromDatetime(text), 0);
});

test('the ways to say for ever', () => {
  const texts = [null, '2020-05-28 21:32:15', '2030-05-28 21:32:15', '0000-00-00 00:00:00', '1969-12-31 19:00:00'];
  for (const text of [...texts, '1970-01-01 01:00:00', toDatetime(0)]) assert.equal(expiryFromDatetime(text), 0);
  assert.notEqual(expiryFromDatetime('2020-05-28 21:32:16'), 0);
});

test('the hour that comes twice is taken for the later one', (t) => {
  const zone = process.env.TZ;
  t.after(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });
  process.env.TZ = 'Europe/Prague';
  assert.equal(fromDatetime('2026-10-25 02:30:00'), Date.UTC(2026, 9, 25, 1, 30));
  assert.equal(fromDatetime('2026-10-25 01:30:00'), Date.UTC(2026, 9, 24, 23, 30));
  assert.equal(fromDatetime('2026-10-25 03:30:00'), Date.UTC(2026, 9, 25, 2, 30));
});
