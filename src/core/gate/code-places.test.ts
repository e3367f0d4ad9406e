import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnValues } from '../journal/own-table.ts';
import type { Change } from '../journal/types.ts';
import { CodePlaces } from './code-places.ts';

const NOW = 1_700_000_000_000;
const DAY = 86_400_000;

function lab(stored: OwnValues[] = []) {
  const written: Change[] = [];
  const journal = { append: (unit: readonly Change[]) => void written.push(...unit), drain: async () => {} };
  const places = new CodePlaces({ journal, rows: { read: async () => stored }, key: Buffer.alloc(32, 1) });
  return { places, written };
}

test('a place counts for its user; later codes are written seldom; a network of IPv6 is one place', () => {
  const { places, written } = lab();
  assert.equal(places.provenAt('local:1', '192.0.2.1'), undefined);
  places.proven('local:1', '192.0.2.1', NOW);
  places.proven('local:1', '192.0.2.1', NOW + 1000);
  assert.deepEqual([places.provenAt('local:1', '192.0.2.1'), written.length], [NOW, 1]);
  for (const [user, address] of [
    ['local:2', '192.0.2.1'],
    ['local:1', '192.0.2.2'],
    ['local:11', '92.0.2.1'],
  ] as const)
    assert.equal(places.provenAt(user, address), undefined);
  places.proven('local:1', '192.0.2.1', NOW + DAY);
  places.proven('local:1', '2001:db8::1', NOW);
  assert.deepEqual([places.provenAt('local:1', '192.0.2.1'), written.length], [NOW + DAY, 3]);
  assert.equal(places.provenAt('local:1', '2001:db8:0:0:ffff::2'), NOW);
  assert.doesNotMatch(JSON.stringify(written), /192\.0\.2|local:1/);
});

test('places come back from the table; those of more than a year ago are let go', async () => {
  const before = lab();
  before.places.proven('local:1', '192.0.2.1', NOW);
  const [row] = before.written.map((change) => (change.kind === 'put-own' ? change.values : []));
  const { places, written } = lab([row!, ['old', NOW - 400 * DAY]]);
  await places.load(NOW);
  assert.equal(places.provenAt('local:1', '192.0.2.1'), NOW);
  assert.deepEqual(
    written.map((change) => change.kind === 'drop-own' && change.key),
    ['old'],
  );
});
