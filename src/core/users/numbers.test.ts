import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnValues } from '../journal/own-table.ts';
import type { Change, Waiter } from '../journal/types.ts';
import { UserNumbers } from './numbers.ts';

/** A store that holds what the journal wrote. */
function lab() {
  const rows = new Map<string, OwnValues>();
  const state = { broken: false };
  const journal = {
    append(unit: readonly Change[], waiter?: Waiter) {
      if (state.broken) return waiter?.settled(new Error('away') as never);
      for (const change of unit) {
        if (change.kind === 'put-own') rows.set(String(change.values[0]), change.values);
        if (change.kind === 'drop-own') rows.delete(change.key);
      }
      waiter?.settled(undefined);
    },
    drain: async () => {},
  };
  const make = () =>
    new UserNumbers({ store: { read: async () => [...rows.values()] }, journal, key: Buffer.alloc(32, 7) });
  return { numbers: make(), make, rows, state };
}

test('numbers are read again as they were written; one that could not be written is none', async () => {
  const { numbers, make, state } = lab();
  await numbers.add('local:1', 'home', '+49 (30) 23125-000', []);
  await numbers.add('local:1', 'office', '1001', []);
  await numbers.add('local:2', 'home', '1002', []);
  await numbers.remove('local:2', 'home', []);
  state.broken = true;
  await assert.rejects(numbers.add('local:1', 'mobile', '1003', []), /away/);
  await assert.rejects(numbers.remove('local:1', 'home', []), /away/);
  const again = make();
  await again.load();
  for (const one of [numbers, again]) {
    assert.deepEqual(one.list('local:1'), [
      { alias: 'home', number: '+493023125000' },
      { alias: 'office', number: '1001' },
    ]);
    assert.equal(one.find('local:1', 'HOME'), '+493023125000');
    assert.equal(one.find('local:2', 'home'), undefined);
  }
});

test('what is no number, no alias, or too many', async () => {
  const { numbers } = lab();
  const bad = [
    '',
    '+',
    '030 23125000',
    '0',
    '01',
    '+49',
    '+4930231250001234567',
    '1;dial',
    '123456789',
    '+49 30 ABC',
    '٣٣٣٣',
  ];
  for (const text of bad)
    await assert.rejects(numbers.add('local:1', 'home', text, []), { code: 'NUMBER_INVALID' }, text);
  for (const alias of ['', '1', 'a b', 'a'.repeat(33), 'a\n', '-a', 'ä'])
    await assert.rejects(numbers.add('local:1', alias, '1001', []), { code: 'NUMBER_ALIAS' }, alias);
  for (let i = 0; i < 20; i++) await numbers.add('local:1', `a${i}`, '1001', []);
  await assert.rejects(numbers.add('local:1', 'b', '1001', []), { code: 'NUMBER_EXISTS' });
  await assert.rejects(numbers.add('local:1', 'a0', '1001', []), { code: 'NUMBER_EXISTS' });
});

test('a name that nobody has is shown aliases that somebody has, the same ones each time', async () => {
  const { numbers } = lab();
  assert.deepEqual(numbers.shown('ghost', undefined), ['home']);
  await numbers.add('local:1', 'mobile', '1001', []);
  await numbers.add('local:2', 'home', '1002', []);
  await numbers.add('local:2', 'cabin', '1003', []);
  assert.deepEqual(numbers.shown('bob', 'local:2'), ['cabin', 'home']);
  const lists = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => numbers.shown(name, undefined).join(' '));
  assert.deepEqual([...new Set(lists)].sort(), ['cabin home', 'mobile']);
  assert.deepEqual(
    lists,
    ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => numbers.shown(name, 'local:3').join(' ')),
  );
});
