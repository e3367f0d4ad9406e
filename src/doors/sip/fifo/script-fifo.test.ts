import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Administration } from '../../../core/admin/types.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLog } from '../../../platform/log.ts';
import type { Site } from '../management/command.ts';
import type { LoadedScript } from '../script/load.ts';
import { ScriptFifo } from './script-fifo.ts';

function lab(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-fifo-'));
  const fifo = new ScriptFifo({ clock: systemClock, log: silentLog } as unknown as Site, () => ({}) as Administration);
  t.after(() => {
    fifo.close();
    rmSync(folder, { recursive: true });
  });
  const wanting = (path: string | undefined) =>
    ({ globals: { fifo: path }, uses: { parametersOf: () => undefined } }) as unknown as LoadedScript;
  return { fifo, wanting, one: join(folder, 'one'), two: join(folder, 'two') };
}

test('a script that wants another one, or none, while one is being opened', async (t) => {
  const { fifo, wanting, one, two } = lab(t);
  await Promise.all([fifo.follow(wanting(one)), fifo.follow(wanting(two))]);
  assert.deepEqual([existsSync(one), existsSync(two)], [false, true]);
  await Promise.all([fifo.follow(wanting(one)), fifo.follow(wanting(undefined))]);
  assert.deepEqual([existsSync(one), existsSync(two)], [false, false]);
});

test('why an earlier one could not be opened says nothing of the one that is', async (t) => {
  const { fifo, wanting, two } = lab(t);
  await Promise.all([fifo.follow(wanting('/nowhere/fifo')), fifo.follow(wanting(two))]);
  assert.deepEqual(fifo.faults, []);
  assert.equal(existsSync(two), true);
});

test('a server that stops while it is being opened leaves none', async (t) => {
  const { fifo, wanting, one } = lab(t);
  const following = fifo.follow(wanting(one));
  fifo.close();
  await following;
  assert.equal(existsSync(one), false);
});
