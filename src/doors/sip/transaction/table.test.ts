import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Listed, TransactionTable } from './table.ts';

class Entry implements Listed<Entry> {
  readonly key: string;
  older: Entry | undefined;
  newer: Entry | undefined;

  constructor(key: string) {
    this.key = key;
  }
}

function tableOf(keys: string): TransactionTable<Entry> {
  const table = new TransactionTable<Entry>();
  for (const key of keys) table.add(new Entry(key));
  return table;
}

function looks(table: TransactionTable<Entry>, count: number): string {
  return Array.from({ length: count }, () => table.look()?.key ?? '-').join('');
}

test('it is gone round in the order of making, whatever comes and goes meanwhile', () => {
  const table = tableOf('abcd');
  assert.equal(looks(table, 6), 'abcdab');
  table.remove(table.get('c')!); // the next one
  assert.equal(looks(table, 2), 'da');
  table.remove(table.get('a')!);
  table.add(new Entry('e'));
  assert.equal(looks(table, 5), 'bdebd');
  table.remove(table.get('e')!);
  assert.equal(looks(table, 3), 'bdb');
  for (const key of 'bd') table.remove(table.get(key)!);
  assert.equal(looks(table, 2), '--');
  assert.equal(table.size, 0);
  table.add(new Entry('f'));
  assert.equal(looks(table, 2), 'ff');
});

test('what went holds nothing of what came after it', () => {
  const table = tableOf('abc');
  const [a, b, c] = [...table.values()];
  table.remove(b!);
  assert.deepEqual([b!.older, b!.newer], [undefined, undefined]);
  assert.deepEqual([a!.newer, c!.older], [c, a]);
  assert.equal(table.has('b'), false);
});
