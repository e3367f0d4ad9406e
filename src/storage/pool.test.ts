import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pool } from './pool.ts';

function lab(size: number) {
  const opened: { id: number; isFit: boolean; ended: boolean; fit(): boolean; destroy(): void }[] = [];
  let fault: Error | undefined;
  const open = async () => {
    if (fault) throw fault;
    const one = {
      id: opened.length,
      isFit: true,
      ended: false,
      fit: () => one.isFit,
      destroy: () => {
        one.ended = true;
      },
    };
    opened.push(one);
    return one;
  };
  const fail = (error?: Error) => {
    fault = error;
  };
  return { pool: new Pool(open, size), opened, fail };
}

test('no more than there may be; those who wait are served in turn', async () => {
  const { pool, opened } = lab(1);
  const first = await pool.reserve();
  const waiting = [pool.reserve(), pool.reserve()];
  pool.release(first);
  const second = await waiting[0]!;
  assert.equal(second, first);
  pool.release(second);
  assert.equal(await waiting[1]!, first);
  assert.equal(opened.length, 1);
});

test('one that is lost is replaced, one that cannot be opened leaves the turn to the next', async () => {
  const { pool, opened, fail } = lab(1);
  const lost = await pool.reserve();
  lost.isFit = false;
  pool.release(lost);
  const other = await pool.reserve();
  assert.deepEqual([other.id, lost.ended], [1, true]);
  other.isFit = false;
  fail(new Error('away'));
  const waiting = pool.reserve();
  pool.release(other);
  await assert.rejects(waiting, { message: 'away' });
  fail();
  assert.equal((await pool.reserve()).id, 2);
  assert.equal(opened.length, 3);
});

test('an end ends all: the idle now, the lent out when they come back, the waiting with an error', async () => {
  const { pool } = lab(2);
  const [lent, idle] = [await pool.reserve(), await pool.reserve()];
  pool.release(idle);
  pool.end();
  assert.deepEqual([idle.ended, lent.ended], [true, false]);
  pool.release(lent);
  assert.equal(lent.ended, true);
  await assert.rejects(pool.reserve(), { message: 'the database is closed' });
});

test('not more than 10,000 wait; the next is told so, and there is room again when one was served', async () => {
  const { pool } = lab(1);
  const lent = await pool.reserve();
  const waiting = Array.from({ length: 10_000 }, () => pool.reserve());
  await assert.rejects(pool.reserve(), { code: 'STORAGE_UNAVAILABLE' });
  pool.release(lent);
  await waiting[0];
  const again = pool.reserve();
  pool.end();
  await assert.rejects(again, /closed/);
  await Promise.allSettled(waiting);
});
