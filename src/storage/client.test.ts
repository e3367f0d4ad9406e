import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { addUnit, emptyBatch } from './batch.ts';
import { WorkerClient } from './client.ts';
import type { CommitOutcome } from './protocol.ts';
import { binding, put, storageOptions } from './storage.contract.ts';
import { parseDatabaseUrl } from './url.ts';

test('the worker dies: all that waits is told, and another one takes over', async (t) => {
  const { main, auditDir, backupDir, auditKey } = storageOptions(t, (dir) => `sqlite:${join(dir, 'gatehouse.db')}`);
  const workers: Worker[] = [];
  const client = new WorkerClient(
    {
      main: parseDatabaseUrl(main),
      attached: undefined,
      password: undefined,
      auditDir,
      auditKey: new Uint8Array(auditKey),
      backupDir,
      migrate: true,
    },
    silentLog,
    systemClock,
    (options) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: options });
      workers.push(worker);
      return worker;
    },
  );
  const commit = () =>
    new Promise<CommitOutcome>((resolve) => {
      const batch = emptyBatch();
      addUnit(batch, [put(binding('sip:1@h')), { kind: 'audit', line: '{"event":"probe"}' }]);
      client.commit(batch, 1_000, resolve);
    });
  t.after(() => client.close());
  await client.start();
  assert.deepEqual(await commit(), {});

  const inFlight = commit();
  const asked = client.call('users.count').then(
    () => 'answered before',
    (error) => error.code,
  );
  await workers[0]!.terminate();
  assert.ok(['answered before', 'STORAGE_UNAVAILABLE'].includes(await asked));
  const outcome = await inFlight;
  assert.ok(outcome.unavailable === undefined || outcome.unavailable.code === 'STORAGE_UNAVAILABLE');
  assert.equal((await commit()).unavailable?.code, 'STORAGE_UNAVAILABLE', 'nobody is there yet');
  await assert.rejects(client.call('users.count'), { code: 'STORAGE_UNAVAILABLE' });
  assert.deepEqual(
    client.health().map(({ code }) => code),
    ['STORAGE_DOWN'],
  );

  while ((await commit()).unavailable);
  assert.deepEqual(client.health(), []);
  assert.equal(await client.call('users.count'), 0);
});
