import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { ChainWriter, segmentName } from './chain.ts';
import { auditLine } from './events.ts';
import { searchTrail } from './search.ts';

const KEY = Buffer.alloc(32, 3);

/** A trail of two segments with lines 1 to `count`; the second begins at line 4. */
function trail(t: TestContext, count: number) {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-trail-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const writer = new ChainWriter(KEY, undefined);
  const lines = Array.from({ length: count }, (_, i) =>
    writer.seal(auditLine(1_700_000_000_000 + i, 'refused', { user: `u${i + 1}`, note: 'ä'.repeat(100) })),
  );
  const put = (number: number, some: readonly string[]) =>
    writeFileSync(join(directory, segmentName(number)), some.map((line) => `${line}\n`).join(''));
  put(1, lines.slice(0, 3));
  put(2, lines.slice(3));
  const search = (limit: number, skip = 0, matches = (_user: string) => true) =>
    searchTrail(directory, KEY, { limit, skip, matches: ({ user }) => matches(String(user)) });
  return { directory, lines, put, search };
}

test('the newest lines come first, over segments and pages, and are told to be genuine', async (t) => {
  const { search } = trail(t, 1500);
  const { entries, total, more } = await search(2);
  assert.deepEqual([entries.map(({ sequence }) => sequence), total, more], [[1500, 1499], 1500, false]);
  assert.deepEqual(entries[0], {
    sequence: 1500,
    fields: { time: '2023-11-14T22:13:21.499Z', event: 'refused', user: 'u1500', note: 'ä'.repeat(100) },
    genuine: true,
  });
  const end = await search(10, 1495);
  assert.deepEqual(
    end.entries.map(({ sequence, genuine }) => [sequence, genuine]),
    [5, 4, 3, 2, 1].map((sequence) => [sequence, true]),
  );
  const some = await search(10, 1, (user) => user.endsWith('77'));
  assert.deepEqual([some.entries.length, some.entries[0]?.fields.user, some.total], [10, 'u1377', 15]);
});

test('a line that was changed shows, and so does one that is missing', async (t) => {
  const { lines, put, search } = trail(t, 8);
  const changed = lines.map((line) => line.replace('"u6"', '"u9"'));
  put(2, [changed[3]!, changed[5]!, 'no line', changed[7]!]);
  const { entries } = await search(10);
  assert.deepEqual(
    entries.map(({ sequence, genuine }) => [sequence, genuine]),
    [
      [8, false],
      [0, false],
      [6, false],
      [4, true],
      [3, true],
      [2, true],
      [1, true],
    ],
  );
});

test('a line that is being written is not there yet; no directory is an error', async (t) => {
  const { directory, search } = trail(t, 5);
  appendFileSync(join(directory, segmentName(2)), '{"time":"2023');
  assert.equal((await search(1)).entries[0]?.sequence, 5);
  writeFileSync(join(directory, segmentName(3)), '');
  assert.equal((await search(1)).total, 5);
  await assert.rejects(searchTrail(join(directory, 'none'), KEY, { limit: 1, skip: 0, matches: () => true }), {
    code: 'AUDIT_BROKEN',
  });
});
